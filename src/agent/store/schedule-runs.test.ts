import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requestIdOf, runIdOf } from '../../../test/support/ids.ts';
import { arrival, ending, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import type { RunId } from '../../shared/ids.ts';
import { giveBack } from '../results/give-back.ts';
import type { Store } from './store.ts';

const AT = Date.parse('2026-11-30T07:00:00.200Z');

async function fire(store: Store, requestId: string, scheduleId = 's', body = requestId) {
  return store.runs.admitFire(
    { ...arrival(requestId, body, { source: 'schedule' }), requestId: requestIdOf(requestId) },
    { scheduleId, boot: null },
  );
}

async function fired(store: Store, requestId: string): Promise<RunId> {
  const admission = await fire(store, requestId);
  if (admission.kind !== 'admitted') throw new Error(admission.kind);
  return admission.run;
}

test('a request id is fired once, whatever is in it, and a schedule has one open run; both also when asked together', async () => {
  const store = testStore(tempDir());
  const kinds = (
    await Promise.all([fire(store, 'r1'), fire(store, 'r2'), fire(store, 'r1'), fire(store, 'r3', 't')])
  ).map(({ kind }) => kind);
  expect(kinds).toEqual(['admitted', 'still_running', 'fired_before', 'admitted']);
  await store.runs.finish(runIdOf(1), ending('result'));
  expect(await fire(store, 'r1', 's', 'other bytes')).toEqual({ kind: 'fired_before' });
  expect(await fire(store, 'r2')).toMatchObject({ kind: 'admitted' });
});

test('exit 0 alone completes a schedule, with the job and its version', async () => {
  const store = testStore(tempDir());
  await store.runs.finish(await fired(store, 'r1'), ending('a', { exitCode: 3, reason: 'FAILED', finishedAtMs: AT }));
  expect(store.completions.all()).toEqual([]);
  await store.runs.finish(await fired(store, 'r2'), ending('b', { finishedAtMs: AT }));
  expect(store.completions.all()).toEqual([
    { scheduleId: '', jobId: 'job', atMs: AT },
    { scheduleId: 's', jobId: 'job', atMs: AT },
  ]);
  expect([store.completions.hasVersion('s', 'job', '1.0.0'), store.completions.hasVersion('s', 'job', '2')]).toEqual([
    true,
    false,
  ]);
});

test('a clock that was put back since the success before does not keep the newer one out', async () => {
  const store = testStore(tempDir());
  await store.runs.finish(await fired(store, 'r1'), ending('a', { finishedAtMs: AT }));
  await store.runs.finish(await fired(store, 'r2'), ending('b', { finishedAtMs: AT - 60_000 }));
  expect(store.completions.lastMs('s', 'job')).toBe(AT - 60_000);
});

test('what is remembered of a schedule goes with it, and a run that goes on completes nothing of its name', async () => {
  const store = testStore(tempDir());
  await store.runs.finish(await fired(store, 'r1'), ending('a', { finishedAtMs: AT }));
  const open = await fired(store, 'r2');
  await store.scheduleRuns.forget('s');
  await store.runs.finish(open, ending('b', { finishedAtMs: AT }));
  expect(store.completions.lastMs('s', 'job')).toBeUndefined();
  expect(store.completions.hasVersion('s', 'job', '1.0.0')).toBe(false);
  expect(store.scheduleRuns.known()).toEqual([]);
});

test('completions of ours go back to the original in its own form (protocol §6.1)', async () => {
  const directory = tempDir();
  const store = testStore(join(directory, 'kanade-tray'));
  await store.runs.finish(await fired(store, 'r1'), ending('a', { finishedAtMs: AT }));
  await giveBack(directory, store, 'PC-1', AT);
  expect(JSON.parse(readFileSync(join(directory, 'local_completions.json'), 'utf8'))).toEqual({
    '::job': '2026-11-30T07:00:00.200Z',
    's::job': '2026-11-30T07:00:00.200Z',
  });
});
