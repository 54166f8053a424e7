import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { whileSeen } from './while-seen.ts';

/** As much of a document as tells whether it can be seen. */
class Page extends EventTarget {
  visibilityState: DocumentVisibilityState = 'visible';

  become(state: DocumentVisibilityState): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

const EVERY_MS = 1_000;
let page = new Page();

beforeEach(() => {
  page = new Page();
  vi.useFakeTimers();
  vi.stubGlobal('document', page);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('the work is done again and again while the window can be seen, and first after the time', () => {
  const work = vi.fn();
  const end = whileSeen(EVERY_MS, work);
  expect(work).toHaveBeenCalledTimes(0);
  vi.advanceTimersByTime(3 * EVERY_MS);
  expect(work).toHaveBeenCalledTimes(3);
  end();
});

test('it rests while the window can not be seen, and is done at once when it can be again', () => {
  const work = vi.fn();
  const end = whileSeen(EVERY_MS, work);
  page.become('hidden');
  vi.advanceTimersByTime(10 * EVERY_MS);
  expect(work).toHaveBeenCalledTimes(0);
  page.become('visible');
  expect(work).toHaveBeenCalledTimes(1);
  end();
});

test('after its end nothing is done any more', () => {
  const work = vi.fn();
  whileSeen(EVERY_MS, work)();
  vi.advanceTimersByTime(10 * EVERY_MS);
  page.become('visible');
  expect([work.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
});
