/** Waits for what another process does. */
import { until } from '../../../scripts/lib/waiting.ts';
import { PATIENCE_MS } from '../../../test/support/eventually.ts';

/** Below what the local socket of our agent answers in a second. */
const POLL_MS = 50;

/** The first value that `read` finds; rejects after `timeoutMs`, naming `what` was waited for. */
export function untilFound<T>(
  what: string,
  read: () => Promise<T | undefined> | T | undefined,
  timeoutMs = PATIENCE_MS,
) {
  return until(what, read, { timeoutMs, everyMs: POLL_MS });
}
