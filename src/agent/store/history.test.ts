import { expect, test } from 'vitest';
import { arrival, ending, testStore } from '../../../e2e/support/store.ts';
import { tempDir } from '../../../e2e/support/temp.ts';
import type { Arrival, Ending } from './runs.ts';

const NEWEST = Number.POSITIVE_INFINITY;

async function finished(
  store: ReturnType<typeof testStore>,
  requestId: string,
  more: Partial<Arrival> = {},
  end: Partial<Ending> = {},
): Promise<number> {
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
    [{ search: 'hello', searchEverything: true }, 3],
    [{ openOnly: true }, 0],
  ] as const;
  for (const [filter, count] of cases) {
    expect([filter, store.history.count(filter)]).toEqual([filter, count]);
    expect(store.history.list(filter, NEWEST, 10)).toHaveLength(count);
  }
  expect(store.history.countByReason({ receivedFromMs: 1_500 })).toEqual({ FAILED: 1, DONE: 1 });
});

test('runs of other users are left out', async () => {
  const store = testStore(tempDir());
  const mine = await store.runs.admit(arrival('mine', 'a', { runAs: 'user' }));
  const theirs = await store.runs.admit(arrival('theirs', 'b', { runAs: 'user' }));
  const system = await store.runs.admit(arrival('system', 'c'));
  if (mine.kind !== 'admitted' || theirs.kind !== 'admitted' || system.kind !== 'admitted') throw new Error('admit');
  await store.runs.start(mine.run, { startedAtMs: 1, runAsUser: '1000', facts: null });
  await store.runs.start(theirs.run, { startedAtMs: 1, runAsUser: '1001', facts: null });
  const seen = store.history.list({ userRunsOf: '1000' }, NEWEST, 10).map(({ requestId }) => requestId);
  expect(seen).toEqual(['system', 'mine']);
});

test('output and command are read apart from the list', async () => {
  const store = testStore(tempDir());
  const run = await finished(store, 'a', {}, { stderr: { text: 'oops', totalBytes: 9_000, cut: true } });
  expect(store.history.output(run, 'stdout')).toEqual({ text: 'hello\n', totalBytes: 6, cut: false });
  expect(store.history.output(run, 'stderr')).toEqual({ text: 'oops', totalBytes: 9_000, cut: true });
  expect(Buffer.from(store.history.command(run) ?? []).toString()).toBe('command a');
  expect(store.history.output(99, 'stdout')).toBeUndefined();
});
