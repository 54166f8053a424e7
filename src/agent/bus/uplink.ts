/**
 * How much of what was sent the broker has not read yet, and how long that may take. On a slow link this is what tells a
 * link that is busy from one that is dead.
 */
import type { Clock } from '../base/clock.ts';

/** No link that counts as one is slower. */
const SLOWEST_BYTES_PER_MS = 4;
/** Fewer bytes tell the length of the way, not its width. */
const TELLING_BYTES = 4_096;

export class Uplink {
  readonly #clock: Clock;
  readonly #sentBytes: () => number;
  #readBytes = 0;
  #bytesPerMs = SLOWEST_BYTES_PER_MS;
  #lastPongAtMs = Number.NEGATIVE_INFINITY;

  /** `sentBytes`: everything that was given to the connection so far. */
  constructor(clock: Clock, sentBytes: () => number) {
    this.#clock = clock;
    this.#sentBytes = sentBytes;
  }

  get outstandingBytes(): number {
    return Math.max(0, this.#sentBytes() - this.#readBytes);
  }

  /** What is outstanding needs about this long, by what this link has shown. */
  neededMs(): number {
    return this.outstandingBytes / this.#bytesPerMs;
  }

  /** The same on the slowest of links. */
  neededAtMostMs(): number {
    return this.outstandingBytes / SLOWEST_BYTES_PER_MS;
  }

  /**
   * To be called with each PING; what it returns, at its PONG. `measures`: what was sent went out right before it, so that the
   * time until then tells how fast the link is.
   */
  mark(measures: boolean): () => void {
    const upTo = this.#sentBytes();
    const askedAtMs = this.#clock.monotonicMs();
    return () => {
      const nowMs = this.#clock.monotonicMs();
      const bytes = upTo - this.#readBytes;
      // What was asked before was on the way first.
      const tookMs = Math.max(1, nowMs - Math.max(askedAtMs, this.#lastPongAtMs));
      this.#lastPongAtMs = nowMs;
      if (bytes <= 0) return;
      this.#readBytes = upTo;
      const shown = bytes / tookMs;
      if (!measures) return;
      if (bytes >= TELLING_BYTES || shown > this.#bytesPerMs) {
        this.#bytesPerMs = Math.max(SLOWEST_BYTES_PER_MS, shown);
      }
    };
  }
}
