/**
 * How long to wait before the next try to connect. A whole fleet loses its broker in the same moment and has to be back in
 * seconds without coming as one wave; what the broker refuses is not asked for more than once a minute.
 */

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
const EAGER = { fromMs: 1_000, toMs: 2_000 };
const PATIENT = { fromMs: 5_000, toMs: 10_000 };
const REFUSED_MAX_MS = 60_000;

export function reconnectDelayMs(trouble: Trouble, random: () => number = Math.random): number {
  switch (trouble.kind) {
    case 'lost':
      return Math.round(AT_ONCE_MS * random());
    case 'unreachable':
      return between(trouble.forMs < EAGER_FOR_MS ? EAGER : PATIENT, random);
    case 'refused': {
      const toMs = Math.min(REFUSED_MAX_MS, EAGER.toMs * 2 ** Math.min(trouble.times - 1, 10));
      return between({ fromMs: toMs / 2, toMs }, random);
    }
  }
}

/** A connection of so many ms was one, and its end is news. */
export function hasLasted(ms: number): boolean {
  return ms >= LASTING_MS;
}

function between({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }, random: () => number): number {
  return Math.round(fromMs + (toMs - fromMs) * random());
}
