/** Where the time comes from. Injected, so that tests can move it. */
export interface Clock {
  /** Wall clock: nanoseconds since the Unix epoch. */
  nowNs(): bigint;
  /** Wall clock: milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds that never go back; for durations only. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  // Date.now() follows a changed wall clock at once; performance.timeOrigin would not. The fraction of a millisecond
  // is not worth a clock that lies after an NTP step.
  nowNs: () => BigInt(Date.now()) * 1_000_000n,
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
