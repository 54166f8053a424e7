/**
 * How long to wait before the next try to connect. A whole fleet loses its broker in the same moment and has to be back in
 * seconds without coming as one wave; what the broker refuses is not asked for more than once a minute.
 */
import { type BackoffPolicy, backoffMs } from '../../base/backoff.ts';

export type Trouble =
  /** A connection that had lasted has just ended. */
  | { readonly kind: 'lost' }
  /** Nothing answers, or there is no network, for this long already. */
  | { readonly kind: 'unreachable'; readonly forMs: number }
  /** The sign-in or the secure connection was refused so many times in a row. */
  | { readonly kind: 'refused'; readonly times: number };

/** A server that lets us go before that is asked no more often than one that does not answer. */
const LASTING_MS = 10_000;
const AT_ONCE_MS = 1_000;
const EAGER_FOR_MS = 5 * 60_000;
const EAGER: BackoffPolicy = { minMs: 2_000, maxMs: 2_000, jitter: 0.5 };
const PATIENT: BackoffPolicy = { minMs: 10_000, maxMs: 10_000, jitter: 0.5 };
const REFUSED: BackoffPolicy = { minMs: 2_000, maxMs: 60_000, jitter: 0.5 };

export function reconnectDelayMs(trouble: Trouble, random: () => number = Math.random): number {
  switch (trouble.kind) {
    case 'lost':
      return Math.round(AT_ONCE_MS * random());
    case 'unreachable':
      return backoffMs(trouble.forMs < EAGER_FOR_MS ? EAGER : PATIENT, 0, random);
    case 'refused':
      return backoffMs(REFUSED, trouble.times - 1, random);
  }
}

/** A connection of so many ms was one, and its end is news. */
export function hasLasted(ms: number): boolean {
  return ms >= LASTING_MS;
}
