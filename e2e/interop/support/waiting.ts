/** Waits for what another process does. */
import { sleep } from '../../../src/base/sleep.ts';
import { PATIENCE_MS } from '../../../test/support/eventually.ts';

/** Below what the local socket of our agent answers in a second. */
const POLL_MS = 50;

/** The first value that `look` finds; rejects after `timeoutMs`, naming `what` was waited for. */
export async function untilFound<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    await sleep(POLL_MS);
  }
}
