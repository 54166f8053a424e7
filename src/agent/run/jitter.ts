/** How long a command waits that is to be spread over a fleet. */
import { randomInt } from 'node:crypto';

/** 2^43 s are longer than any PC lives, and still a whole number in ms. */
const MAX_JITTER_SECS = 2 ** 43;

/** A whole number of seconds in [0, jitter), as the original draws it (protocol §4.1, step 11). */
export function drawJitterSecs(jitterSecs: number | bigint): number {
  return randomInt(Number(jitterSecs > MAX_JITTER_SECS ? MAX_JITTER_SECS : jitterSecs));
}
