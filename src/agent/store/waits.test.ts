import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/status.ts';
import { arrival, storeOptions } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import type { RunId } from '../../shared/ids.ts';
import { STORE_FILE } from './aside.ts';
import { TO_GATE } from './inbox.ts';
import { openStore } from './open.ts';
import { Store } from './store.ts';

/** The wall clock and the time since the start of the system, moved apart. */
class TwoClocks extends ManualClock {
  sinceBootMs = 5_000;
  override upMs = () => this.sinceBootMs;
}

function open(directory: string, clock: TwoClocks, boot: string): Store {
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  return new Store(opened.db, { ...storeOptions(directory, clock), boot });
}

async function waiting(store: Store, askedMs: number): Promise<RunId> {
  const admitted = await store.runs.admit(arrival('r1'));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  await store.runs.advance(admitted.run, 'waiting_jitter', { kind: 'jitter', askedMs });
  return admitted.run;
}

test.each([
  ['9 h forward', 9 * 3_600_000],
  ['9 h back', -9 * 3_600_000],
])('a wall clock that is set %s makes no wait longer or shorter', async (_name, stepMs) => {
  const clock = new TwoClocks();
  const store = open(tempDir(), clock, 'boot-1');
  const run = await waiting(store, 10_000);
  clock.atMs += stepMs;
  expect(store.waits.leftMs(run, 'jitter')).toBe(10_000);
  expect(store.waits.due('jitter', clock.upMs(), 10)).toEqual([]);
  clock.sinceBootMs += 10_000;
  expect(store.waits.due('jitter', clock.upMs(), 10)).toEqual([run]);
  await store.close();
});

test.each([
  ['goes on over a restart of the agent', 'boot-1', 4_000, 0, 6_000],
  ['and a clock that was set meanwhile does not touch it', 'boot-1', 4_000, 86_400_000, 6_000],
  ['counts by the wall clock over a restart of the PC', 'boot-2', 4_000, 0, 6_000],
  ['and never longer than was asked for, should that clock have been put back', 'boot-2', 4_000, -86_400_000, 10_000],
  ['and is over, should it be far ahead', 'boot-2', 4_000, 86_400_000, 0],
])('a wait %s', async (_name, boot, passedMs, stepMs, leftMs) => {
  const directory = tempDir();
  const clock = new TwoClocks();
  const first = open(directory, clock, 'boot-1');
  const run = await waiting(first, 10_000);
  await first.close();
  clock.atMs += passedMs + stepMs;
  clock.sinceBootMs = boot === 'boot-1' ? clock.sinceBootMs + passedMs : 100;
  const second = open(directory, clock, boot);
  while ((await second.waits.adopt(10)) > 0);
  expect(second.waits.leftMs(run, 'jitter')).toBe(leftMs);
  await second.close();
});

test('a jitter that is over is not waited for again, however the clock is put back', async () => {
  const directory = tempDir();
  const clock = new TwoClocks();
  const first = open(directory, clock, 'boot-1');
  const admitted = await first.runs.admit(arrival('r1'));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  const { run } = admitted;
  await first.runs.advance(run, 'waiting_jitter', {
    kind: 'jitter',
    askedMs: 10_000,
    notBeforeMs: clock.atMs + 10_000,
  });
  clock.sinceBootMs += 10_000;
  await first.runs.advance(run, 'waiting_slot');
  await first.close();
  clock.atMs -= 86_400_000;
  const second = open(directory, clock, 'boot-1');
  while ((await second.waits.adopt(10)) > 0);
  expect(second.waits.leftMs(run, 'jitter')).toBe(null);
  await second.close();
});

test('a second PC start in the middle of a wait starts nothing over', async () => {
  const directory = tempDir();
  const clock = new TwoClocks();
  const first = open(directory, clock, 'boot-0');
  const run = await waiting(first, 10_000);
  await first.close();
  for (let restart = 1; restart <= 3; restart++) {
    clock.atMs += 3_000;
    clock.sinceBootMs = 0;
    const store = open(directory, clock, `boot-${restart}`);
    while ((await store.waits.adopt(10)) > 0);
    // The same wait asked for again, as it is after each restart.
    await store.runs.advance(run, 'waiting_jitter', { kind: 'jitter', askedMs: 10_000 });
    expect(store.waits.leftMs(run, 'jitter')).toBe(10_000 - restart * 3_000);
    await store.close();
  }
});

test('of the patience with a broker nothing goes by while the system is down; a restart of the agent gives none back', async () => {
  const directory = tempDir();
  const clock = new TwoClocks();
  const first = open(directory, clock, 'boot-1');
  const admitted = await first.runs.admit(arrival('r1'));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  const { run } = admitted;
  await first.runs.advance(run, 'admitted', { kind: 'script', askedMs: 10_000 });
  clock.sinceBootMs += 4_000;
  await first.close();
  const second = open(directory, clock, 'boot-1');
  while ((await second.waits.adopt(10)) > 0);
  expect(second.waits.span(run, 'script')).toEqual({ askedMs: 10_000, leftMs: 6_000 });
  await second.close();
  clock.sinceBootMs = 100;
  clock.atMs += 86_400_000;
  const third = open(directory, clock, 'boot-2');
  while ((await third.waits.adopt(10)) > 0);
  expect(third.waits.span(run, 'script')).toEqual({ askedMs: 10_000, leftMs: 10_000 });
  expect(third.waits.span(run, 'retry')).toBeNull();
  await third.close();
});

test('what waits to be tried again is not taken for new, until it is due or made due', async () => {
  const clock = new TwoClocks();
  const store = open(tempDir(), clock, 'boot-1');
  const runs: RunId[] = [];
  for (const [index, id] of ['r1', 'r2', 'r3'].entries()) {
    const admitted = await store.runs.admit(arrival(id));
    if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
    runs.push(admitted.run);
    if (index < 2) {
      await store.runs.advance(admitted.run, 'admitted', { kind: 'retry', askedMs: 1_000 * (index + 1) });
    }
  }
  expect(store.inbox.toGate(10)).toEqual(runs.slice(2));
  expect(store.waits.due('retry', clock.upMs(), 10)).toEqual([]);
  clock.sinceBootMs += 1_000;
  expect(store.waits.due('retry', clock.upMs(), 10)).toEqual(runs.slice(0, 1));
  await store.waits.retryNow();
  expect(store.waits.due('retry', clock.upMs(), 10)).toEqual(runs.slice(0, 2));
  await store.close();
});

test('what waits to be tried again is not gone through when something new is looked for, nor what an older release left', async () => {
  const directory = tempDir();
  const clock = new TwoClocks();
  const first = open(directory, clock, 'boot-1');
  const retry = await first.runs.admit(arrival('r1'));
  const fresh = await first.runs.admit(arrival('r2'));
  if (retry.kind !== 'admitted' || fresh.kind !== 'admitted') throw new Error('not admitted');
  await first.runs.advance(retry.run, 'admitted', { kind: 'retry', askedMs: 60_000 });
  await first.close();
  const old = new Database(join(directory, STORE_FILE));
  const plan = old.prepare(`EXPLAIN QUERY PLAN ${TO_GATE}`).all(0, 1) as { detail: string }[];
  expect(plan.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/^SEARCH runs USING COVERING INDEX runs_gate \(state=\? AND waits_retry=\? AND run>\?\)$/),
  ]);
  old.exec(`DROP INDEX runs_gate; ALTER TABLE runs DROP COLUMN waits_retry; ALTER TABLE runs DROP COLUMN script_read;
    PRAGMA user_version = 8`);
  old.close();
  const second = open(directory, clock, 'boot-1');
  expect(second.inbox.toGate(9)).toEqual([fresh.run]);
  await second.close();
});

test('what has waited to be tried again and goes on leaves nothing that is gone through, and is new when put back to the gates', async () => {
  const clock = new TwoClocks();
  const store = open(tempDir(), clock, 'boot-1');
  const goOn: readonly ((run: RunId) => Promise<unknown>)[] = [
    (run) => store.runs.advance(run, 'waiting_slot'),
    (run) => store.runs.advance(run, 'waiting_user', { kind: 'user', askedMs: 5 }),
    (run) => store.runs.start(run, { startedAtMs: 1, runAsUser: null, facts: null, event: null }),
  ];
  const left = () => runs.map((run) => store.waits.leftMs(run, 'retry'));
  const runs: RunId[] = [];
  for (const [at, goesOn] of goOn.entries()) {
    const admission = await store.runs.admit(arrival(`r${at}`));
    if (admission.kind !== 'admitted') throw new Error(admission.kind);
    runs.push(admission.run);
    const waits = [
      { kind: 'retry', askedMs: 60_000 },
      { kind: 'script', askedMs: 60_000 },
    ] as const;
    await store.runs.advance(admission.run, 'admitted', ...waits);
    await goesOn(admission.run);
  }
  expect(left()).toEqual([null, null, null]);
  // What is left of the patience counts once more, should what was fetched be forgotten before there is a slot.
  expect(runs.map((run) => store.waits.leftMs(run, 'script'))).toEqual([60_000, 60_000, null]);
  expect(await store.inbox.requeue(9)).toBe(2);
  expect(store.inbox.toGate(9)).toEqual(runs.slice(0, 2));
  await store.close();
});

test('very many that wait to be tried again are made due in steps', async () => {
  const clock = new TwoClocks();
  const store = open(tempDir(), clock, 'boot-1');
  const retry = { kind: 'retry', askedMs: 60_000 } as const;
  await Promise.all(
    Array.from({ length: 2_500 }, async (_, index) => {
      const admitted = await store.runs.admit(arrival(`r${index}`));
      if (admitted.kind === 'admitted') await store.runs.advance(admitted.run, 'admitted', retry);
    }),
  );
  let commits = 0;
  const stop = store.commits.watch(() => {
    commits += 1;
  });
  await store.waits.retryNow();
  stop();
  expect(commits).toBe(3);
  expect(store.waits.due('retry', clock.upMs(), 9_999)).toHaveLength(2_500);
  // Nothing is left to be done.
  await store.waits.retryNow();
  expect(store.waits.nextDueUpMs('retry', clock.upMs())).toBe(Number.POSITIVE_INFINITY);
  await store.close();
});

test('how old our view of the fleet is outlives a restart, and no set clock makes it young', async () => {
  const directory = tempDir();
  const clock = new TwoClocks();
  const first = open(directory, clock, 'boot-1');
  expect(first.lastContact.ageMs()).toBe(Number.POSITIVE_INFINITY);
  await first.lastContact.note(1_000);
  await first.close();
  clock.sinceBootMs += 5_000;
  clock.atMs -= 3_600_000;
  const second = open(directory, clock, 'boot-1');
  expect(second.lastContact.ageMs()).toBe(6_000);
  await second.close();
  // Over a start of the system only the wall clock is left; one that says "in the future" has been set.
  const third = open(directory, clock, 'boot-2');
  expect(third.lastContact.ageMs()).toBe(Number.POSITIVE_INFINITY);
  clock.atMs += 3_600_000 + 60_000;
  expect(third.lastContact.ageMs()).toBe(61_000);
  await third.close();
});

test('a start of the system that has the name of another, as in a container: a wait does not last for days, nor is a view young', async () => {
  const directory = tempDir();
  const clock = new TwoClocks();
  clock.sinceBootMs = 5 * 86_400_000;
  const first = open(directory, clock, 'of-the-host');
  const run = await waiting(first, 60_000);
  await first.lastContact.note(0);
  await first.close();
  clock.sinceBootMs = 10_000;
  clock.atMs += 20_000;
  const second = open(directory, clock, 'of-the-host');
  while ((await second.waits.adopt(10)) > 0);
  expect(second.waits.leftMs(run, 'jitter')).toBe(40_000);
  expect(second.lastContact.ageMs()).toBe(20_000);
  clock.atMs -= 3_600_000;
  expect(second.lastContact.ageMs()).toBe(Number.POSITIVE_INFINITY);
  await second.close();
});
