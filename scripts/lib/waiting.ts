/** The one wait for what another program does. Invariant: it ends, at the latest with an error that says what was waited for. */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_EVERY_MS = 20;

export interface Patience {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly everyMs?: number;
}

/** The first value that `check` finds; false and undefined are none yet. Rejects with what `check` or the signal rejects with. */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  { timeoutMs, signal, everyMs = POLL_EVERY_MS }: Patience,
): Promise<Exclude<T, false | undefined>> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const found = await check();
    if (found !== false && found !== undefined) return found as Exclude<T, false | undefined>;
    if (performance.now() > deadlineMs) throw new Error(`waited for ${timeoutMs / 1000} s: ${what}`);
    await delay(everyMs, undefined, signal ? { signal } : undefined);
  }
}
