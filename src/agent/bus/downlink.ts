/**
 * How much of what was asked for is still to come, and how long that may take. The answers of one connection come one after
 * the other: behind a large one on a slow link the others, and the answer to a ping, are late without anything being wrong.
 */
import type { Clock } from '../../base/clock.ts';
import { SLOWER_BY, SLOWEST_BYTES_PER_MS, TELLING_BYTES } from './uplink.ts';

/** To be called once: it has come, or nobody waits for it any more. */
export type Expected = (hasCome: boolean) => void;

export class Downlink {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #awaited = new Set<{ readonly bytes: number }>();
  #awaitedBytes = 0;
  /** By an answer that has come, and no other has been waited for in vain since. */
  #isMeasured = false;
  #bytesPerMs = SLOWEST_BYTES_PER_MS;
  #lastAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** What is awaited needs about this long, by what this link has shown. */
  neededMs(): number {
    return this.#awaitedBytes / this.#bytesPerMs;
  }

  /**
   * The same where it has become much slower meanwhile: until then its silence says nothing. A link that has shown nothing at all is
   * excused for one answer, not for all that was asked for at once: the first would be here by then, and a dead link is to be given up.
   */
  excusedMs(): number {
    if (!this.#isMeasured) {
      return Math.max(0, ...Array.from(this.#awaited, ({ bytes }) => bytes)) / SLOWEST_BYTES_PER_MS;
    }
    return this.#awaitedBytes / Math.max(SLOWEST_BYTES_PER_MS, this.#bytesPerMs / SLOWER_BY);
  }

  /** An answer of about so many bytes was asked for. */
  expect(bytes: number): Expected {
    const askedAtMs = this.#clock.monotonicMs();
    const awaited = { bytes };
    this.#awaited.add(awaited);
    this.#awaitedBytes += bytes;
    return (hasCome) => {
      this.#awaited.delete(awaited);
      this.#awaitedBytes -= bytes;
      if (bytes < TELLING_BYTES) return;
      const nowMs = this.#clock.monotonicMs();
      // What was asked for before came first.
      const tookMs = Math.max(1, nowMs - Math.max(askedAtMs, this.#lastAtMs));
      if (hasCome) this.#lastAtMs = nowMs;
      this.#isMeasured = hasCome;
      // One that has let something wait in vain has shown nothing.
      this.#bytesPerMs = hasCome ? Math.max(SLOWEST_BYTES_PER_MS, bytes / tookMs) : SLOWEST_BYTES_PER_MS;
    };
  }
}
