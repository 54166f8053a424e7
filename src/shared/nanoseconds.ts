/** The fleet counts time in nanoseconds; we show and wait in milliseconds. */
export const NS_PER_MS = 1_000_000n;
export const NS_PER_SECOND = 1_000_000_000n;
