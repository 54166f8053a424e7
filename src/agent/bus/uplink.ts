/**
 * How much of what was sent the broker has not read yet, and how long that may take. On a slow link this is what tells a
 * link that is busy from one that is dead.
 */
import type { Clock } from '../../base/clock.ts';

/** No link that counts as one is slower. */
export const SLOWEST_BYTES_PER_MS = 4;
export const SLOWER_BY = 4;
/** What is sent together takes about so long, and on an unknown link as little as this. */
const WINDOW_MS = 10_000;
const WINDOW_MIN_BYTES = 128 * 1024;
/** Fewer bytes tell the length of the way, not its width. */
export const TELLING_BYTES = 4_096;

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

  /** The same where it has become much slower meanwhile: until then its silence says nothing. */
  excusedMs(): number {
    return this.outstandingBytes / Math.max(SLOWEST_BYTES_PER_MS, this.#bytesPerMs / SLOWER_BY);
  }

  get windowBytes(): number {
    return Math.max(WINDOW_MIN_BYTES, this.#bytesPerMs * WINDOW_MS);
  }

  /** So many bytes went there, and an answer came back, within this time: it is at least that fast. */
  carried(bytes: number, tookMs: number): void {
    this.#bytesPerMs = Math.max(this.#bytesPerMs, bytes / Math.max(1, tookMs));
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
