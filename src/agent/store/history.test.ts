import { expect, test } from 'vitest';
import { runIdOf } from '../../../test/support/ids.ts';
import { arrival, ending, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import type { RunId } from '../../shared/ids.ts';
import type { Arrival, Ending } from './runs.ts';

const NEWEST = Number.POSITIVE_INFINITY;

async function finished(
  store: ReturnType<typeof testStore>,
  requestId: string,
  more: Partial<Arrival> = {},
  end: Partial<Ending> = {},
): Promise<RunId> {
  const admitted = await store.runs.admit(arrival(requestId, `command ${requestId}`, more));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  await store.runs.finish(admitted.run, ending(admitted.resultId, end));
  return admitted.run;
}

test('pages go from the newest back, without gaps and repetitions', async () => {
  const store = testStore(tempDir());
  for (let i = 0; i < 7; i++) await finished(store, `r${i}`);
  const seen: number[] = [];
  for (let before = NEWEST; ; ) {
    const page = store.history.list({}, before, 3);
    if (page.length === 0) break;
    seen.push(...page.map(({ run }) => run));
    before = page.at(-1)?.run ?? 0;
  }
  expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
});

test('lists and counts are made by the same conditions', async () => {
  const store = testStore(tempDir());
  await finished(store, 'a', { manifestId: 'disk-cleanup', receivedAtMs: 1_000 });
  await finished(store, 'b', { manifestId: 'printer_fix', receivedAtMs: 2_000 }, { reason: 'FAILED', exitCode: 5 });
  await finished(store, 'c', { runAs: 'user', receivedAtMs: 3_000 });
  const cases = [
    [{ reasons: ['DONE'] }, 2],
    [{ reasons: [] }, 0],
    [{ receivedFromMs: 2_000 }, 2],
    [{ receivedBeforeMs: 2_000 }, 1],
    [{ search: 'cleanup' }, 1],
    [{ search: 'printer_fix' }, 1],
    // A sign that LIKE would take for a pattern stands for itself.
    [{ search: 'printer%fix' }, 0],
    [{ search: 'hello' }, 0],
    [{ search: 'hello', searchEverything: true }, 0],
    [{ search: 'hello', byOutput: [runIdOf(1), runIdOf(3)] }, 2],
    [{ search: 'cleanup', byOutput: [runIdOf(2)] }, 2],
    [{ openOnly: true }, 0],
  ] as const;
  for (const [filter, count] of cases) {
    expect([filter, store.history.count(filter)]).toEqual([filter, count]);
    expect(store.history.list(filter, NEWEST, 10)).toHaveLength(count);
  }
  expect(store.history.countByReason({ receivedFromMs: 1_500 })).toEqual({ FAILED: 1, DONE: 1 });
});

test('output is searched in steps that hold up nobody, and what came since is found too', async () => {
  const store = testStore(tempDir());
  const megabyte = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 60; i++) {
    const text = i % 10 === 0 ? `${megabyte} Needle_1` : megabyte;
    await finished(store, `r${i}`, {}, { stdout: { text, totalBytes: text.length, cut: false } });
  }
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  expect(await store.history.runsWithOutput('needle_1')).toHaveLength(6);
  clearInterval(turning);
  expect(turns).toBeGreaterThan(0);
  expect(await store.history.runsWithOutput('needle%1')).toEqual([]);
  const last = await finished(store, 'last', {}, { stderr: { text: 'NEEDLE_1', totalBytes: 8, cut: false } });
  expect(await store.history.runsWithOutput('needle_1')).toContain(last);
});

/** Nothing is kept, whatever it is. */
async function pruneAll(store: ReturnType<typeof testStore>): Promise<void> {
  for (const row of store.outbox.waiting(true, 100)) await store.outbox.delivered(row, 1);
  await store.maintenance.prune(200 * 24 * 3_600_000);
  expect(store.history.count({})).toBe(0);
}

test('what was found stays found when rows were pruned and their numbers given again', async () => {
  const store = testStore(tempDir());
  const output = { stdout: { text: 'needle', totalBytes: 6, cut: false } };
  for (let i = 0; i < 3; i++) await finished(store, `old${i}`, { serverAtMs: 1 }, output);
  expect(await store.history.runsWithOutput('needle')).toHaveLength(3);
  await pruneAll(store);
  for (const requestId of ['one', 'two', 'three', 'four']) {
    const run = await finished(store, requestId, {}, output);
    expect(await store.history.runsWithOutput('needle')).toContain(run);
  }
});

test('runs of other users are left out', async () => {
  const store = testStore(tempDir());
  const mine = await store.runs.admit(arrival('mine', 'a', { runAs: 'user' }));
  const theirs = await store.runs.admit(arrival('theirs', 'b', { runAs: 'user' }));
  const system = await store.runs.admit(arrival('system', 'c'));
  if (mine.kind !== 'admitted' || theirs.kind !== 'admitted' || system.kind !== 'admitted') throw new Error('admit');
  await store.runs.start(mine.run, { startedAtMs: 1, runAsUser: '1000', facts: null, event: null });
  await store.runs.start(theirs.run, { startedAtMs: 1, runAsUser: '1001', facts: null, event: null });
  const seen = store.history.list({ userRunsOf: '1000' }, NEWEST, 10).map(({ requestId }) => requestId);
  expect(seen).toEqual(['system', 'mine']);
});

test('output and command are read apart from the list', async () => {
  const store = testStore(tempDir());
  const run = await finished(store, 'a', {}, { stderr: { text: 'oops', totalBytes: 9_000, cut: true } });
  expect(store.history.output(run, 'stdout')).toEqual({ text: 'hello\n', totalBytes: 6, cut: false });
  expect(store.history.output(run, 'stderr')).toEqual({ text: 'oops', totalBytes: 9_000, cut: true });
  expect(Buffer.from(store.history.command(run) ?? []).toString()).toBe('command a');
  expect(store.history.output(runIdOf(99), 'stdout')).toBeUndefined();
});

test('any place of a list can be read, counted from an anchor that what arrives later does not move', async () => {
  const store = testStore(tempDir());
  for (let i = 1; i <= 10; i++) await finished(store, `r${i}`, { receivedAtMs: i * 1_000 });
  const anchor = 9;
  const runsAt = (skip: number) => store.history.list({}, anchor, 3, skip).map(({ run }) => run);
  expect([runsAt(0), runsAt(3), runsAt(6), runsAt(8)]).toEqual([[8, 7, 6], [5, 4, 3], [2, 1], []]);
  expect(store.history.count({}, anchor)).toBe(8);
  expect(store.history.count({ afterRun: 8 })).toBe(2);
  expect(store.history.newestAt({}, NEWEST, 4_500)).toBe(4);
  expect(store.history.newestAt({}, NEWEST, 500)).toBeFalsy();
});

test('a clock that jumps back does not change the order, which is that of arrival', async () => {
  const store = testStore(tempDir());
  for (const receivedAtMs of [5_000, 6_000, 1_000, 2_000])
    await finished(store, `at ${receivedAtMs}`, { receivedAtMs });
  expect(store.history.newestAt({}, NEWEST, 5_500)).toBe(4);
  expect(store.history.newestAt({}, 3, 5_500)).toBe(1);
});

test('a finished run without a result to deliver counts as unreported, one with a result does not', async () => {
  const store = testStore(tempDir());
  await finished(store, 'sent');
  await finished(store, 'local', {}, { outbox: null });
  await store.runs.admit(arrival('open'));
  expect(store.history.list({}, NEWEST, 10).map(({ unreported }) => unreported)).toEqual([0, 1, 0]);
});

test('a search that may not look at names finds none', async () => {
  const store = testStore(tempDir());
  await finished(store, 'a', { manifestId: 'disk-cleanup' });
  expect(store.history.count({ search: 'disk', nameless: true })).toBe(0);
});
