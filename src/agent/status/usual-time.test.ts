import { expect, test } from 'vitest';
import { ManualClock, statusWorld } from '../../../test/support/status.ts';
import { arrival, ending } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { UsualTime } from './usual-time.ts';

/** Runs of a task that took so long, each ended as `reason`. */
async function took(world: ReturnType<typeof statusWorld>, manifestId: string, ms: number, reason: 'DONE' | 'FAILED') {
  const admitted = await world.store.runs.admit(arrival(`r${Math.random()}`, 'x', { manifestId }));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  await world.store.runs.start(admitted.run, { startedAtMs: 10_000, runAsUser: null, facts: null, event: null });
  await world.store.runs.finish(
    admitted.run,
    ending(admitted.resultId, { reason, startedAtMs: 10_000, finishedAtMs: 10_000 + ms }),
  );
  return admitted.run;
}

test('the median of the runs before it that went well, and of no other task', async () => {
  const world = statusWorld(tempDir(), new ManualClock());
  for (const ms of [1_000, 9_000, 2_000]) await took(world, 'disk', ms, 'DONE');
  await took(world, 'disk', 60_000, 'FAILED');
  await took(world, 'other', 5_000, 'DONE');
  const run = await took(world, 'disk', 7, 'DONE');
  const record = world.store.history.get(run);
  expect(record && new UsualTime(world.ports.history).of(record)).toBe(2_000);
});

test('two runs say nothing of usually, and neither do commands that are typed in', async () => {
  const world = statusWorld(tempDir(), new ManualClock());
  const usual = new UsualTime(world.ports.history);
  for (const manifestId of ['few', 'few', 'few', 'adhoc-run', 'adhoc-run', 'adhoc-run', 'adhoc-run']) {
    const record = world.store.history.get(await took(world, manifestId, 1_000, 'DONE'));
    expect(record && usual.of(record)).toBe(null);
  }
});
