import { expect, test } from 'vitest';
import { arrival, ending, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import type { Reason } from '../../shared/outcomes.ts';
import { Failures, NEWEST_NOT_DONE } from './failures.ts';
import { openMemory, openStore } from './open.ts';
import type { Store } from './store.ts';

async function ended(store: Store, manifestId: string | null, receivedAtMs: number, reason: Reason): Promise<number> {
  const id = `${manifestId} ${receivedAtMs} ${reason}`;
  const admitted = await store.runs.admit(arrival(id, id, { manifestId, receivedAtMs }));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  await store.runs.finish(admitted.run, ending(admitted.resultId, { reason, exitCode: reason === 'DONE' ? 0 : 5 }));
  return admitted.run;
}

test('what went wrong is counted by task and reason, what happened most often first', async () => {
  const store = testStore(tempDir());
  await ended(store, 'printer-fix', 900, 'FAILED');
  await ended(store, 'printer-fix', 1_000, 'FAILED');
  await ended(store, 'printer-fix', 1_001, 'DONE');
  const late = await ended(store, 'printer-fix', 1_002, 'TIMEOUT');
  const last = await ended(store, 'printer-fix', 1_003, 'FAILED');
  await ended(store, 'printer-fix', 1_004, 'VERSION_PIN');
  const nameless = await ended(store, null, 1_005, 'BAD_MESSAGE');
  expect(store.failures.since(1_000, ['FAILED', 'TIMEOUT', 'BAD_MESSAGE'], 10)).toEqual({
    sinceMs: 1_000,
    kinds: 3,
    rows: [
      { manifestId: 'printer-fix', reason: 'FAILED', count: 2, lastRun: last },
      { manifestId: null, reason: 'BAD_MESSAGE', count: 1, lastRun: nameless },
      { manifestId: 'printer-fix', reason: 'TIMEOUT', count: 1, lastRun: late },
    ],
  });
  expect(store.failures.since(1_000, ['FAILED', 'TIMEOUT'], 1)).toMatchObject({ kinds: 2, rows: [{ count: 2 }] });
  expect(store.failures.since(2_000, ['FAILED'], 10)).toEqual({ sinceMs: 2_000, kinds: 0, rows: [] });
});

test('no more are looked at than the newest so many, and then it says since when it has counted', async () => {
  const directory = tempDir();
  const store = testStore(directory);
  for (let at = 1_000; at < 1_010; at++) await ended(store, 'job', at, 'FAILED');
  await store.close();
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const found = new Failures(opened.db, 4).since(0, ['FAILED'], 10);
  opened.db.close();
  expect(found).toMatchObject({ sinceMs: 1_006, rows: [{ count: 4, lastRun: 10 }] });
});

test('an index alone is read for it, in its order', () => {
  const db = openMemory();
  const steps = db.prepare(`EXPLAIN QUERY PLAN ${NEWEST_NOT_DONE}`).all({ fromMs: 5 }) as { detail: string }[];
  const plan = steps.map(({ detail }) => detail);
  db.close();
  expect(plan).toEqual(['SEARCH runs USING COVERING INDEX runs_not_done (received_at>?)']);
});
