import { expect, onTestFinished, test, vi } from 'vitest';
import { HeapLimit } from './heap-limit.ts';
import { loopTurn } from './loop-turn.ts';

/** Some 60 MB. */
function load(): object {
  return Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
}

/** A weak reference lasts for the turn in which it was made. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

test('much garbage is collected at a check, not when V8 gets to it', async () => {
  const trimmed = Promise.withResolvers<void>();
  const heap = new HeapLimit(trimmed.resolve);
  // Held up to the check: V8 may collect it in any turn before, and there would be nothing to do.
  const held = { load: load() as object | null };
  const left = new WeakRef(held.load as object);
  await nextTurn();
  held.load = null;
  heap.check();
  await nextTurn();
  expect(left.deref()).toBeUndefined();
  await trimmed.promise;
});

test('what a start leaves behind is collected soon after it, once', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  let trims = 0;
  new HeapLimit(() => void trims++).starting();
  const held = { load: load() as object | null };
  const left = new WeakRef(held.load as object);
  await loopTurn();
  held.load = null;
  vi.advanceTimersByTime(3_000);
  await loopTurn();
  expect(left.deref()).toBeUndefined();
  vi.advanceTimersByTime(3_600_000);
  await loopTurn();
  expect(trims).toBe(1);
});

test('and is left to V8 where nobody looks', async () => {
  let isLeft = false;
  // V8 may get to it just then.
  for (let tried = 0; tried < 20 && !isLeft; tried++) {
    const left = new WeakRef(load());
    await nextTurn();
    isLeft = left.deref() !== undefined;
  }
  expect(isLeft).toBe(true);
});
