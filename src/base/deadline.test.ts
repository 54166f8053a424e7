import { expect, test } from 'vitest';
import { Deadline } from './deadline.ts';

test('of several limits the earliest holds, and none can be lengthened', async () => {
  const deadline = new Deadline();
  expect(deadline.leftMs).toBe(Number.POSITIVE_INFINITY);
  expect(deadline.within(3_600_000)).toBe(true);
  expect(deadline.within(7_200_000)).toBe(false);
  expect(deadline.leftMs).toBeLessThanOrEqual(3_600_000);
  expect(deadline.within(5)).toBe(true);
  await deadline.passed;
  expect(deadline.leftMs).toBeLessThan(5);
  expect(deadline.within(5)).toBe(false);
});
