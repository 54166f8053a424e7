/** Waiting for a time, within what timers can hold and signals allow. */
import { setTimeout as delay } from 'node:timers/promises';

/** The longest delay that Node's timers can hold; a longer one fires after 1 ms (Node docs, `setTimeout`). */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Brings any duration from outside into the range of a timer: NaN and negatives become 0, the rest is cut. */
export function clampTimerMs(ms: number): number {
  return Number.isNaN(ms) || ms < 0 ? 0 : Math.min(ms, MAX_TIMER_MS);
}

/** Waits `ms` (clamped). Rejects with the signal's reason when aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  try {
    await delay(clampTimerMs(ms), undefined, signal ? { signal } : undefined);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Holds the whole thread: only where nothing else is to go on meanwhile, as in the set-up, or for a ms. */
export function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
