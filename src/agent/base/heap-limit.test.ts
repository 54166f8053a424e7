import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { HeapLimit } from './heap-limit.ts';

test('garbage is collected soon, and looking often costs nothing', async () => {
  const heap = new HeapLimit();
  const live: unknown[] = [];
  let largest = 0;
  for (let round = 0; round < 40; round++) {
    // Lives a while, as a command in a burst does, and is garbage then.
    live.length = 0;
    for (let i = 0; i < 20_000; i++) live.push({ id: `r${round}-${i}`, at: [round, i] });
    for (let i = 0; i < 100; i++) heap.look();
    largest = Math.max(largest, getHeapStatistics().total_heap_size);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  expect(largest).toBeLessThan(200 * 1024 * 1024);
});
