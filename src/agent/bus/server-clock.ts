/**
 * The broker's own clock, as it was last heard and gone on since by a clock that no change of the time of day moves. It never
 * goes back, unless the broker itself says so.
 */
import type { Clock } from '../../base/clock.ts';

export class ServerClock {
  readonly #clock: Clock;
  #aheadMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** ms since the epoch; null: never heard. */
  nowMs(): number | null {
    return this.#aheadMs === null ? null : this.#clock.upMs() + this.#aheadMs;
  }

  /** It said what time it is: `ts` of an answer, RFC 3339. Anything else is passed over. */
  said(ts: unknown): void {
    const atMs = typeof ts === 'string' ? Date.parse(ts) : Number.NaN;
    if (!Number.isNaN(atMs)) this.#aheadMs = atMs - this.#clock.upMs();
  }

  /** It was this late, or later: it stored something at this moment. */
  atLeast(atMs: number): void {
    const nowMs = this.nowMs();
    if (nowMs === null || nowMs < atMs) this.#aheadMs = atMs - this.#clock.upMs();
  }
}
