import { expect, test } from 'vitest';
import { HeapLimit } from './heap-limit.ts';

/** Some 60 MB that nobody holds any more, and a way to tell whether they are gone. */
function garbage(): WeakRef<object> {
  return new WeakRef(Array.from({ length: 1_000_000 }, (_, index) => ({ index })));
}

test('much garbage is collected at a check, not when V8 gets to it', async () => {
  const trimmed = Promise.withResolvers<void>();
  const heap = new HeapLimit(trimmed.resolve);
  const left = garbage();
  // A weak reference lasts for the turn in which it was made.
  await new Promise((resolve) => setTimeout(resolve, 1));
  heap.check();
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(left.deref()).toBeUndefined();
  await trimmed.promise;
});

test('and is left to V8 where nobody looks', async () => {
  let isLeft = false;
  // V8 may get to it just then.
  for (let tried = 0; tried < 20 && !isLeft; tried++) {
    const left = garbage();
    await new Promise((resolve) => setTimeout(resolve, 1));
    isLeft = left.deref() !== undefined;
  }
  expect(isLeft).toBe(true);
});
