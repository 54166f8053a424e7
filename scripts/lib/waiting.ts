/** The one wait for what another program does. Invariant: it ends, at the latest with an error that says what was waited for. */
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 20;

export interface Patience {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly everyMs?: number;
}

/** The first value that `look` finds; false and undefined are none yet. Rejects with what `look` or the signal rejects with. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { timeoutMs, signal, everyMs = LOOK_AGAIN_MS }: Patience,
): Promise<Exclude<T, false | undefined>> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const found = await look();
    if (found !== false && found !== undefined) return found as Exclude<T, false | undefined>;
    if (performance.now() > deadlineMs) throw new Error(`waited for ${timeoutMs / 1000} s: ${what}`);
    await delay(everyMs, undefined, signal ? { signal } : undefined);
  }
}
