import { expect, test } from 'vitest';
import { CpuLoad } from './cpu-load.ts';

test('the load is that between two looks, and is not known at the first', () => {
  const samples = [
    { busyMs: 1_000, totalMs: 10_000, atMs: 0 },
    { busyMs: 2_000, totalMs: 14_000, atMs: 2_000 },
    { busyMs: 2_400, totalMs: 14_400, atMs: 2_200 },
    { busyMs: 6_000, totalMs: 18_000, atMs: 4_000 },
  ];
  const load = new CpuLoad(() => samples.shift() ?? { busyMs: 0, totalMs: 0, atMs: 0 });
  expect([load.percent(), load.percent()]).toEqual([null, 25]);
  // A moment later it is still the one of before.
  expect([load.percent(), load.percent()]).toEqual([25, 100]);
});

test('this PC tells it', () => {
  expect(new CpuLoad().percent()).toBeNull();
});
