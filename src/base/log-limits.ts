/**
 * Keeps a log from filling its disk. Invariant: whatever somebody sends us, a day of the log has its size, and what is left out is
 * counted or named. Lines that repeat are counted once there were many of them; an error is the last thing to be left out.
 */
import { DAY_MS } from '../shared/time-units.ts';
import { type LineFormat, type LogEntry, ROOT_COMPONENT } from './logger.ts';

const MIB = 1024 * 1024;
export const DAY_MAX_BYTES = 32 * MIB;
/** On top of them, for errors alone. */
export const ERRORS_MAX_BYTES = MIB;
/** So many lines of one level, component and message are written in a window. */
export const BURST = 50;
const WINDOW_MS = 60_000;
/** Bounds the memory: with more different messages than that a window ends early. */
const MESSAGES_MAX = 1_000;

export interface LogLimitsOptions {
  readonly format: LineFormat;
  /** Takes a line, its end included. */
  readonly write: (text: string) => void;
  readonly nowMs: () => number;
  readonly windowMs?: number;
  readonly dayMaxBytes?: number;
}

interface Repeated {
  readonly first: LogEntry;
  count: number;
}

export class LogLimits {
  readonly #options: Required<LogLimitsOptions>;
  readonly #repeated = new Map<string, Repeated>();
  #windowEndsMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #day = Number.NaN;
  #dayBytes = 0;
  #isFull = false;

  constructor(options: LogLimitsOptions) {
    this.#options = { windowMs: WINDOW_MS, dayMaxBytes: DAY_MAX_BYTES, ...options };
  }

  /** Writes the entry, or counts it. */
  take(entry: LogEntry): void {
    const nowMs = performance.now();
    if (nowMs >= this.#windowEndsMs || this.#repeated.size >= MESSAGES_MAX) this.#endWindow(nowMs);
    const key = `${entry.level} ${entry.component} ${entry.message}`;
    const repeated = this.#repeated.get(key) ?? { first: entry, count: 0 };
    repeated.count += 1;
    this.#repeated.set(key, repeated);
    if (repeated.count <= BURST) this.#write(entry);
    else this.#timer ??= setTimeout(() => this.#endWindow(performance.now()), this.#windowEndsMs - nowMs).unref();
  }

  /** The file of today held so much when it was opened: starting again must not give a day more room. */
  holdsToday(bytes: number): void {
    this.#turnDay();
    this.#dayBytes = Math.max(this.#dayBytes, bytes);
  }

  /** Says what is only counted so far. */
  close(): void {
    this.#endWindow(performance.now());
  }

  #endWindow(nowMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#windowEndsMs = nowMs + this.#options.windowMs;
    const ended = [...this.#repeated.values()];
    this.#repeated.clear();
    for (const { first, count } of ended) {
      if (count <= BURST) continue;
      const more = count - BURST;
      const times = more === 1 ? 'once more' : `${more.toLocaleString('en-US')} times`;
      const { level, component } = first;
      this.#write({ at: new Date(), level, component, message: `${first.message} … repeated ${times}` });
    }
  }

  #write(entry: LogEntry): void {
    const text = `${this.#options.format(entry)}\n`;
    const bytes = Buffer.byteLength(text);
    const room = this.#options.dayMaxBytes + (entry.level === 'error' ? ERRORS_MAX_BYTES : 0);
    this.#turnDay();
    if (this.#dayBytes + bytes <= room) {
      this.#dayBytes += bytes;
      this.#options.write(text);
    } else if (!this.#isFull) {
      this.#isFull = true;
      const message = `the log of today is full (${this.#options.dayMaxBytes} bytes): the rest of the day is left out, but for errors`;
      this.#options.write(
        `${this.#options.format({ at: new Date(), level: 'warn', component: ROOT_COMPONENT, message })}\n`,
      );
    }
  }

  #turnDay(): void {
    const day = dayOf(this.#options.nowMs());
    if (day === this.#day) return;
    this.#day = day;
    this.#dayBytes = 0;
    this.#isFull = false;
  }
}

/** The UTC day, counted from the epoch. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}
