/** Times: of the wall, which people set, and the others, by which durations are told. */
import { uptime } from 'node:os';
import { NS_PER_MS } from '../shared/time-units.ts';

/** Where the time comes from. Injected, so that tests can move it. */
export interface Clock {
  /** Wall clock: nanoseconds since the Unix epoch. */
  nowNs(): bigint;
  /** Wall clock: milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds that never go back; for durations only. Stands still while the PC sleeps (Linux). */
  monotonicMs(): number;
  /**
   * Milliseconds since the system was started, sleep included. For durations that a sleep counts into, or that outlive the
   * agent: the same scale over its restarts, with the boot's id beside it (`platform/boot-id.ts`). Some 10 ms fine.
   */
  upMs(): number;
}

export const systemClock: Clock = {
  // Date.now() follows a changed wall clock at once; performance.timeOrigin would not. The fraction of a millisecond
  // is not worth a clock that lies after an NTP step.
  nowNs: () => BigInt(Date.now()) * NS_PER_MS,
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  upMs,
};

/** Asking the system costs some µs, so in between the time is carried on; a sleep is missed for this long at most. */
const ASK_EVERY_MS = 50;
let askedAtMs = Number.NEGATIVE_INFINITY;
let sleptMs = 0;

function upMs(): number {
  const nowMs = performance.now();
  if (nowMs - askedAtMs > ASK_EVERY_MS) {
    askedAtMs = nowMs;
    // Never back: the system counts in hundredths of a second.
    sleptMs = Math.max(sleptMs, uptime() * 1000 - nowMs);
  }
  return nowMs + sleptMs;
}
