import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

test('no more slots are given than there are, and a freed one is given again', () => {
  const slots = new Slots(() => 2);
  expect([slots.take(), slots.take(), slots.take(), slots.free]).toEqual([true, true, false, 0]);
  slots.release();
  expect([slots.free, slots.take(), slots.take()]).toEqual([1, true, false]);
});

test('a larger number of slots is used at once, a smaller one as they come free', () => {
  let capacity = 1;
  const slots = new Slots(() => capacity);
  slots.take();
  capacity = 3;
  expect([slots.take(), slots.take(), slots.take()]).toEqual([true, true, false]);
  capacity = 1;
  slots.release();
  expect([slots.free, slots.take()]).toEqual([0, false]);
  slots.release();
  expect(slots.free).toBe(0);
  slots.release();
  expect(slots.free).toBe(1);
});
