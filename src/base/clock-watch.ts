/**
 * Notices when the wall clock is set: durations here are measured by another clock, so all that follows from it is that it is
 * said, and that moments of before look strange.
 */
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { type Watched, WatchedCell } from './watched.ts';

const POLL_EVERY_MS = 30_000;
/** Less than this is a clock that is kept right, not one that was set. */
const STEP_MS = 5_000;
/** Afterwards nobody asks any more. */
const SHOWN_MS = 24 * 3_600_000;

export interface ClockStep {
  /** Forward is more than 0. */
  readonly byMs: number;
  /** When it was noticed, by the new time. */
  readonly atMs: number;
}

export class ClockWatch {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #step = new WatchedCell<ClockStep | null>(null);
  readonly #timer: NodeJS.Timeout;
  #offsetMs: number;
  #noticedUpMs = 0;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
    this.#offsetMs = clock.nowMs() - clock.upMs();
    this.#timer = setInterval(() => this.check(), POLL_EVERY_MS);
    this.#timer.unref();
  }

  /** The last step of the wall clock, for a day. */
  get step(): Watched<ClockStep | null> {
    return this.#step;
  }

  check(): void {
    const offsetMs = this.#clock.nowMs() - this.#clock.upMs();
    const byMs = Math.round(offsetMs - this.#offsetMs);
    this.#offsetMs = offsetMs;
    if (Math.abs(byMs) > STEP_MS) {
      this.#noticedUpMs = this.#clock.upMs();
      this.#log.warn('the clock of this PC was set', { by_ms: byMs });
      this.#step.set({ byMs, atMs: this.#clock.nowMs() });
    } else if (this.#step.value !== null && this.#clock.upMs() - this.#noticedUpMs > SHOWN_MS) {
      this.#step.set(null);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
