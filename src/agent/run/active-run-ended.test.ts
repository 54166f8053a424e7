/** What ends a run, or its wait, from outside, at each point of its way (invariant 6). */
import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { admitCommand } from '../../../test/support/dispatching.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { refusesOnce, takingUp } from '../../../test/support/taking-up.ts';
import { ioError } from '../../../test/support/unreadable.ts';
import type { ActiveRun, Step } from './active-run.ts';

const SCRIPT_OBJECT = { script: '', script_object: 'a/1', script_object_sha256: hash('sha256', 'echo 1') };

/** How far a run is when something comes: `then` is called there. */
const MOMENTS = {
  'is asked at the gates': ({ bus }, then) => {
    bus.onKvGet = then;
  },
  'fetches its script': ({ bus }, then) => {
    bus.onObjectGet = () => {
      then();
      return { kind: 'value', body: Buffer.from('echo 1') };
    };
  },
  'is about to note that it waits': ({ store }, then) => {
    const advance = store.runs.advance.bind(store.runs);
    store.runs.advance = refusesOnce(advance, then);
  },
  'could not write its start yet': ({ store }, then) => {
    const start = store.runs.start.bind(store.runs);
    store.runs.start = refusesOnce(start, then);
  },
  'can not be read yet': ({ store }, then) => {
    store.inbox.body = () => {
      then();
      throw ioError();
    };
  },
} satisfies Record<string, (at: ReturnType<typeof takingUp>, then: () => void) => void>;

describe.each(Object.entries(MOMENTS))('a run that %s', (moment, at) => {
  async function on() {
    const there = takingUp();
    const more = moment === 'fetches its script' ? SCRIPT_OBJECT : {};
    const run = await admitCommand(there.store, 'r1', { exec_id: 'e1', ...more });
    const hasNoSlot = moment === 'is about to note that it waits';
    const taken = there.takeUp(run, hasNoSlot ? { offer: 'none', isFree: false } : {});
    return { ...there, ...taken, run };
  }

  test('is killed there', async () => {
    const there = await on();
    at(there, () => there.active.kill());
    expect(await there.active.step()).toMatchObject({ reason: 'KILLED_WAITING', startedAtMs: null });
    expect([there.scripts.started, there.slot.held]).toEqual([[], 0]);
    expect(there.store.inbox.get(there.run)?.state).toBe('admitted');
  });

  test.each(['stopping', 'held'] as const)('stays as it is when it is %s', async (why) => {
    const there = await on();
    at(there, () => there.active.abortWait(why));
    expect(await there.active.step()).toBe('deferred');
    expect([there.scripts.started, there.slot.held]).toEqual([[], 0]);
    expect(there.store.inbox.get(there.run)?.state).toBe('admitted');
  });
});

describe('what comes while the start is written finds it on the disk, and no script', () => {
  test.each<[string, (active: ActiveRun) => void, Step]>([
    ['a kill', (active) => active.kill(), expect.objectContaining({ reason: 'KILLED_WAITING' })],
    ['our own stop', (active) => active.abortWait('stopping'), expect.objectContaining({ reason: 'AGENT_STOPPED' })],
    ['an older copy', (active) => active.abortWait('held'), expect.objectContaining({ reason: 'INTERRUPTED' })],
  ])('%s', async (_name, comes, outcome) => {
    const { store, scripts, takeUp } = takingUp();
    const run = await admitCommand(store, 'r1', { exec_id: 'e1' });
    const { active, slot } = takeUp(run);
    const start = store.runs.start.bind(store.runs);
    store.runs.start = async (...args) => {
      const started = await start(...args);
      comes(active);
      return started;
    };
    expect(await active.step()).toEqual(outcome);
    expect([scripts.started, slot.held, store.inbox.get(run)?.state]).toEqual([[], 0, 'running']);
  });
});

describe('a script that runs', () => {
  async function running() {
    const there = takingUp();
    const run = await admitCommand(there.store, 'r1', { exec_id: 'e1' });
    const { active, slot } = there.takeUp(run);
    const step = active.step();
    await eventually(() => expect(there.scripts.started).toHaveLength(1));
    const [script] = there.scripts.started;
    if (script === undefined) throw new Error('nothing was started');
    return { active, slot, step, script };
  }

  test.each<[string, (active: ActiveRun) => void, string, string]>([
    ['a kill', (active) => active.kill(), 'killed', 'KILLED'],
    ['the end of our grace', (active) => active.end('stopped'), 'stopped', 'AGENT_STOPPED'],
  ])('is ended by %s', async (_name, ends, endedBy, reason) => {
    const { active, slot, step, script } = await running();
    ends(active);
    expect(await step).toMatchObject({ reason });
    expect([script.endedBy, slot.held]).toEqual([endedBy, 0]);
  });

  test('is left to end by itself when waits end', async () => {
    const { active, step, script } = await running();
    active.abortWait('stopping');
    script.exit(0);
    expect(await step).toMatchObject({ reason: 'DONE' });
    expect(script.endedBy).toBeNull();
  });
});

test('a run that was killed in its row before anybody took it up is answered without a look at it', async () => {
  const { store, bus, takeUp } = takingUp();
  await store.kills.record('e1', 5, null);
  const run = await admitCommand(store, 'r1', { exec_id: 'e1' });
  expect(await takeUp(run).active.step()).toMatchObject({ reason: 'KILLED_WAITING' });
  expect(bus.kvReads).toBe(0);
});
