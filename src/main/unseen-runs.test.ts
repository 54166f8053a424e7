import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import type { AgentStatus } from '../shared/agent-status.ts';
import type { AgentClient } from '../shared/client.ts';
import { LinkClosed } from '../shared/rpc.ts';
import type { Observation } from './notification-rules.ts';
import { PreferencesFile } from './preferences.ts';
import { UnseenRuns } from './unseen-runs.ts';

const STATUS = { restartRequired: false } as AgentStatus;

/** An agent with the runs 1 to `newest`. */
class FakeAgent {
  newest: number;
  asked = 0;
  /** What a call waits for. */
  hold: Promise<void> = Promise.resolve();

  constructor(newest: number) {
    this.newest = newest;
  }

  readonly client = {
    call: async (_method: string, { afterRun = 0, limit }: { afterRun?: number; limit: number }) => {
      this.asked += 1;
      await this.hold;
      const runs = Array.from({ length: this.newest - afterRun }, (_, index) => this.newest - index);
      return { rows: runs.slice(0, limit).map((run) => ({ run })), total: { matching: runs.length, all: this.newest } };
    },
  } as unknown as Pick<AgentClient, 'call'>;
}

function unseenRuns(seenRun: number | null = null) {
  const errors: string[] = [];
  const observations: Observation[] = [];
  let changes = 0;
  const log = { info: () => {}, error: (text: string) => void errors.push(text) };
  const preferences = new PreferencesFile(join(tempDir(), 'preferences.json'), log);
  preferences.set({ seenRun });
  const made = new UnseenRuns({
    preferences,
    rules: { check: (observation) => void observations.push(observation) },
    log,
    onChange: () => {
      changes += 1;
    },
  });
  return { unseenRuns: made, preferences, observations, errors, changes: () => changes };
}

test('what was there at the very first look is not new', async () => {
  const { unseenRuns: it, preferences } = unseenRuns();
  await it.changed(new FakeAgent(7).client, STATUS);
  expect([it.unseen, preferences.value.seenRun]).toEqual([0, 7]);
});

test('what arrived since the list was looked at is counted, also after a restart, until it is looked at again', async () => {
  const agent = new FakeAgent(120);
  const { unseenRuns: it, preferences, changes } = unseenRuns(20);
  await it.changed(agent.client, STATUS);
  expect([it.unseen, preferences.value.seenRun, changes()]).toEqual([100, 20, 1]);
  await it.seen(agent.client);
  expect([it.unseen, preferences.value.seenRun, changes()]).toEqual([0, 120, 2]);
  agent.newest = 121;
  await it.changed(agent.client, STATUS);
  expect(it.unseen).toBe(1);
});

test('a store that began again counts from its own first run', async () => {
  const { unseenRuns: it, preferences } = unseenRuns(500);
  const agent = new FakeAgent(2);
  await it.changed(agent.client, STATUS);
  expect([it.unseen, preferences.value.seenRun]).toEqual([0, 2]);
  agent.newest = 3;
  await it.changed(agent.client, STATUS);
  expect(it.unseen).toBe(1);
});

test('many changes during a look are one more look, with the newest state', async () => {
  const { unseenRuns: it, observations } = unseenRuns(3);
  const agent = new FakeAgent(3);
  let go = () => {};
  agent.hold = new Promise((resolve) => {
    go = resolve;
  });
  const done = it.changed(agent.client, STATUS);
  for (let change = 0; change < 5; change++)
    void it.changed(agent.client, { ...STATUS, restartRequired: change === 4 });
  go();
  await done;
  expect(observations.map(({ status }) => status.restartRequired)).toEqual([false, true]);
  expect(agent.asked).toBe(2);
});

test('a look that an agent did not answer to its end does not keep the next agent from being looked at', async () => {
  const { unseenRuns: it, observations, errors } = unseenRuns(3);
  const gone = new FakeAgent(3);
  gone.hold = Promise.reject(new LinkClosed());
  const done = it.changed(gone.client, STATUS);
  void it.changed(new FakeAgent(4).client, STATUS);
  await done;
  expect([observations.length, it.unseen, errors]).toEqual([1, 1, []]);
});

test('an error is noted, and does no harm', async () => {
  const { unseenRuns: it, observations, errors } = unseenRuns(3);
  const broken = new FakeAgent(3);
  broken.hold = Promise.reject(new Error('no'));
  await it.changed(broken.client, STATUS);
  await it.changed(new FakeAgent(3).client, STATUS);
  expect([errors, observations.length]).toEqual([['looking at the tasks'], 1]);
});

test('the rules hear what IT and the person want', async () => {
  const { unseenRuns: it, preferences, observations } = unseenRuns(1);
  preferences.set({ preferences: { ...preferences.value.preferences, notifications: false } });
  await it.changed(new FakeAgent(1).client, STATUS);
  expect(observations[0]).toMatchObject({ notifyOnRun: 0, wanted: false, rows: [{ run: 1 }] });
});
