/** How often one connection may call (architecture §5): reads 30/s with bursts of 60, actions 60/min. */
import type { Clock } from '../../base/clock.ts';

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export const READS: Rate = { perSecond: 30, burst: 60 };
export const ACTIONS: Rate = { perSecond: 1, burst: 60 };

/** A bucket that starts full, loses one per call and refills steadily. */
export class TokenBucket {
  readonly #rate: Rate;
  readonly #clock: Clock;
  #tokens: number;
  #atMs: number;

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#tokens = rate.burst;
    this.#atMs = clock.monotonicMs();
  }

  /** 0: taken. Otherwise ms until there is one again; nothing was taken. */
  take(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + ((nowMs - this.#atMs) / 1_000) * this.#rate.perSecond);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) / this.#rate.perSecond) * 1_000);
    this.#tokens -= 1;
    return 0;
  }
}
