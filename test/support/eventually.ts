/** The one wait of the tests for what another part, process or program does. Of a page, see `page-expect.ts`. */
import { vi } from 'vitest';

/** Generous: a machine under load is slow, not wrong. */
export const PATIENCE_MS = 20_000;
const POLL_EVERY_MS = 20;

/**
 * Retries `check` until it passes, and resolves with its value; rejects with its last error after `timeoutMs`. Timers that the test
 * has taken over go on by `everyMs` with each try.
 */
export function eventually<T>(
  check: () => T | Promise<T>,
  timeoutMs = PATIENCE_MS,
  everyMs = POLL_EVERY_MS,
): Promise<T> {
  return vi.waitFor(check, { timeout: timeoutMs, interval: everyMs });
}
