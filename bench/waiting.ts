/** Waits that end: every one has a signal and a deadline that says what was waited for. */
import { setTimeout as delay } from 'node:timers/promises';

/** What `promise` resolves to. Rejects with the signal's reason, or after `timeoutMs` with a sentence about `what`. */
export async function within<T>(promise: Promise<T>, what: string, timeoutMs: number, signal: AbortSignal): Promise<T> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const late = delay(timeoutMs, undefined, { signal: either }).then(
    () => {
      throw new Error(`waited for ${timeoutMs / 1000} s: ${what}`);
    },
    () => {
      signal.throwIfAborted();
      throw new Error('no longer waited for');
    },
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    done.abort();
  }
}
