import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

const never = new AbortController().signal;

test('places are given in order of arrival, whoever asked first', async () => {
  const slots = new Slots(() => 1);
  await slots.acquire(1, never);
  const order: number[] = [];
  const waiting = [5, 3, 4].map((arrival) => slots.acquire(arrival, never).then(() => order.push(arrival)));
  for (let i = 0; i < 3; i++) {
    slots.release();
    await new Promise(setImmediate);
  }
  await Promise.all(waiting);
  expect(order).toEqual([3, 4, 5]);
});

test('who gives up gets no place and loses nobody theirs', async () => {
  const slots = new Slots(() => 1);
  await slots.acquire(1, never);
  const abort = new AbortController();
  const given = slots.acquire(2, abort.signal);
  const next = slots.acquire(3, never);
  abort.abort(new Error('killed'));
  await expect(given).rejects.toThrow('killed');
  slots.release();
  await next;
  slots.release();
  expect(slots.free).toBe(true);
});

test('a larger number of places is used at once, a smaller one as they come free', async () => {
  let capacity = 1;
  const slots = new Slots(() => capacity);
  await slots.acquire(1, never);
  let served = 0;
  for (const arrival of [2, 3]) void slots.acquire(arrival, never).then(() => served++);
  capacity = 3;
  slots.serve();
  await new Promise(setImmediate);
  expect(served).toBe(2);
  capacity = 1;
  slots.release();
  slots.release();
  expect(slots.free).toBe(false);
  slots.release();
  expect(slots.free).toBe(true);
});
