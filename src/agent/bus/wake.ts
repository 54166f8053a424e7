/** Notices that the PC has slept: a link that was up before is dead by then, and the system may not say so for minutes. */
import type { Clock } from '../../base/clock.ts';

/** So late is no timer of a process that runs. */
const LATE_MS = 10_000;
const POLL_EVERY_MS = 5_000;

/**
 * Calls `onWake` after the PC has slept, until `signal` is aborted. The sign is a timer that fired far too late by the time
 * since boot, which counts sleep in everywhere; timers and the monotonic clock do so on some systems only.
 */
export function watchForWake(clock: Clock, onWake: () => void, signal: AbortSignal, everyMs = POLL_EVERY_MS): void {
  if (signal.aborted) return;
  let lookedAtMs = clock.upMs();
  const timer = setInterval(() => {
    const nowMs = clock.upMs();
    const lateMs = nowMs - lookedAtMs - everyMs;
    lookedAtMs = nowMs;
    if (lateMs > LATE_MS) onWake();
  }, everyMs);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
