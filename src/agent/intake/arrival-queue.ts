/**
 * Where messages wait for their turn: they come by the hundred in one piece, and the agent has one thread, so after some ms of them the
 * rest waits for the next turn of the event loop. Invariant: each is taken in the order of arrival, or asked for again.
 */
import { errorText, type Logger } from '../../base/logger.ts';
import type { Source } from '../../shared/states.ts';
import type { HeaderLookup } from '../bus/headers.ts';

/** How soon what could not be recorded is asked for again. */
export const AGAIN_MS = 2_500;
/** The part of a turn of the event loop that is given to arriving messages. */
const TURN_MS = 8;
/** What waits for its turn as it came takes less memory than what has been read; a wave larger than this is read at once. */
const WAITING_MAX_BYTES = 16 * 1024 * 1024;
/** So many places in front are let go of together. */
const TAKEN_MAX = 256;

export interface Incoming {
  readonly subject: string;
  readonly data: Uint8Array;
  /** When the broker stored it, by its clock; absent on a core subscription. */
  readonly storedAtMs?: number;
  /** See `BusMessage`. Absent: there are no headers. */
  readonly header?: HeaderLookup;
  /** Absent on a core subscription: the durable consumer brings the same message again until it is acknowledged. */
  ack?(): void;
  /** Asks for it again after `delayMs`, instead of whenever the broker gives up waiting for the acknowledgement. */
  nak?(delayMs: number): void;
}

export class ArrivalQueue {
  readonly #take: (source: Source, incoming: Incoming) => void;
  readonly #log: Logger;
  #open = true;
  #begun = false;
  /** In the order of arrival; the first `#taken` of it had their turn, and nothing is left there of a message. */
  #waiting: ({ readonly source: Source; readonly incoming: Incoming } | null)[] = [];
  #taken = 0;
  #waitingBytes = 0;
  #turnEndsAtMs: number | null = null;

  constructor(take: (source: Source, incoming: Incoming) => void, log: Logger) {
    this.#take = take;
    this.#log = log;
  }

  /** From here on they are taken. */
  begin(): void {
    this.#begun = true;
    this.#goOn();
  }

  /** None is taken from here on. */
  close(): void {
    this.#open = false;
    for (const each of this.#waiting) if (each !== null) askAgain(each.incoming);
    this.#waiting = [];
    this.#taken = 0;
  }

  put(source: Source, incoming: Incoming): void {
    if (!this.#open) {
      askAgain(incoming);
      return;
    }
    if (this.#begun && this.#waiting.length === 0 && this.#mayGoOn()) {
      this.#take(source, incoming);
      return;
    }
    if (!this.#begun && this.#waitingBytes > WAITING_MAX_BYTES) return;
    this.#waiting.push({ source, incoming });
    this.#waitingBytes += incoming.data.length;
    while (this.#begun && this.#waitingBytes > WAITING_MAX_BYTES) this.#takeNext();
  }

  #mayGoOn(): boolean {
    const now = performance.now();
    if (this.#turnEndsAtMs === null) {
      this.#turnEndsAtMs = now + TURN_MS;
      setImmediate(() => {
        this.#turnEndsAtMs = null;
        this.#goOn();
      });
    }
    return now < this.#turnEndsAtMs;
  }

  #goOn(): void {
    while (this.#begun && this.#open && this.#waiting.length > this.#taken && this.#mayGoOn()) this.#takeNext();
  }

  #takeNext(): void {
    const next = this.#waiting[this.#taken] ?? null;
    if (next === null) return;
    this.#waiting[this.#taken] = null;
    this.#taken += 1;
    this.#waitingBytes -= next.incoming.data.length;
    try {
      this.#take(next.source, next.incoming);
    } catch (error) {
      this.#log.error('a message could not be handled', { error: errorText(error) });
    }
    if (this.#taken < Math.min(this.#waiting.length, TAKEN_MAX)) return;
    this.#waiting = this.#waiting.slice(this.#taken);
    this.#taken = 0;
  }
}

/** Over the connection that has brought it; where that is gone, the broker brings it again by itself. */
function askAgain(incoming: Incoming): void {
  try {
    incoming.nak?.(AGAIN_MS);
  } catch {
    // As said.
  }
}
