/**
 * The time zone of this PC, as it is set now. Node takes it once, when the process begins; here it is made to look again, so that
 * `Date` and `Intl` follow a PC that has travelled. A zone in the environment was meant for this process, and stays.
 */
import type { Logger } from './logger.ts';
import { type Watched, WatchedCell } from './watched.ts';

const POLL_EVERY_MS = 30_000;

export class ZoneWatch {
  readonly #log: Logger;
  readonly #offsets: WatchedCell<string>;
  readonly #timer: NodeJS.Timeout;
  /** So that summer time, which comes and goes in one zone, is no change of it. */
  readonly #year = new Date().getUTCFullYear();

  constructor(log: Logger) {
    this.#log = log;
    this.#offsets = new WatchedCell(this.#offsetsOfYear());
    this.#timer = setInterval(() => this.check(), POLL_EVERY_MS);
    this.#timer.unref();
  }

  /** How the clocks of the zone go over a year, in minutes from UTC: where this changes, the PC has another zone. */
  get offsets(): Watched<string> {
    return this.#offsets;
  }

  check(): void {
    // Node looks again whenever this is written, also where it is not set.
    if (process.env.TZ === undefined) delete process.env.TZ;
    const offsets = this.#offsetsOfYear();
    if (offsets === this.#offsets.value) return;
    this.#log.info('the time zone of this PC was set', { zone: new Intl.DateTimeFormat().resolvedOptions().timeZone });
    this.#offsets.set(offsets);
  }

  #offsetsOfYear(): string {
    const months = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(this.#year, month, 1)));
    return months.map((day) => -day.getTimezoneOffset()).join(' ');
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
