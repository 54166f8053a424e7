/** Waits that end early: with a signal, also one that was aborted before anybody listened, or after a time. */
import { sleep } from './sleep.ts';

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** As `work` ends, or rejects with the signal's reason; what becomes of `work` after that concerns nobody. */
export async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {});
  let onAbort = () => {};
  const end = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Resolves when `work` is done, or `ms` have passed. Rejects as `work` does, or with the signal's reason. */
export async function waitAtMost(work: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<void> {
  const enough = new AbortController();
  const end = signal === undefined ? enough.signal : AbortSignal.any([enough.signal, signal]);
  try {
    await Promise.race([work, sleep(ms, end).catch(() => {})]);
  } finally {
    enough.abort();
  }
  signal?.throwIfAborted();
}
