/**
 * How much may be asked (architecture §5). Calls and frames belong to an account, whatever number of connections it has and
 * however often it makes new ones: reads 60/s with bursts of 120, actions 60/min, frames of any kind 400/s with bursts of 1,200.
 */
import type { Clock } from '../../base/clock.ts';

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export const READS: Rate = { perSecond: 60, burst: 120 };
export const ACTIONS: Rate = { perSecond: 1, burst: 60 };
/** Above what the rates of calls allow, so that who calls too fast hears of it before the connection is ended. */
export const FRAMES: Rate = { perSecond: 400, burst: 1_200 };
/** Changes of a person's mind about an update; each is a row of the audit, which keeps the newest 10,000 of all. */
export const WISHES: Rate = { perSecond: 1 / 600, burst: 20 };
/** ms of the agent's one thread: half of it, after a burst of two seconds. */
export const LOOP_TIME: Rate = { perSecond: 500, burst: 2_000 };

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
    this.#refill();
    if (this.#tokens < 1) return this.#msUntil(1);
    this.#tokens -= 1;
    return 0;
  }

  /** Takes what has been used already, also what is not there. */
  spend(used: number): void {
    this.#refill();
    this.#tokens -= used;
  }

  /** ms until what was spent is made good; 0: it is. */
  debtMs(): number {
    this.#refill();
    return this.#tokens >= 0 ? 0 : this.#msUntil(0);
  }

  #msUntil(tokens: number): number {
    return Math.ceil(((tokens - this.#tokens) / this.#rate.perSecond) * 1_000);
  }

  #refill(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + ((nowMs - this.#atMs) / 1_000) * this.#rate.perSecond);
    this.#atMs = nowMs;
  }
}
