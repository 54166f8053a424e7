import type { Clock } from '../base/clock.ts';
import { drop } from '../base/drop.ts';
import type { Logger } from '../base/logger.ts';
import type { Bus, PublishOutcome } from '../bus/bus.ts';
import type { Outbox, OutboxKind, OutboxRow } from '../store/outbox.ts';
import { refitResult } from '../wire/result.ts';

const PUB_ACK_TIMEOUT_MS = 10_000;
const PAGE = 128;
/** A row that fails while others get through has this many tries, one that the server rejects two; then it is parked. */
const MAX_ATTEMPTS = 8;
const MAX_REJECTIONS = 2;
/** How soon to ask again for a row of a backlog that may not go yet. */
const DRAIN_STEP_MS = 20;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** So many failures with nothing delivered between them mean that the stream is away, not that the rows are bad. */
const AWAY_AFTER = 4;
/** What the message takes of `max_payload` besides its body. */
const HEADER_BYTES = 256;

export interface LaneOptions {
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly results: boolean;
  readonly maxInFlight: number;
  /** Asked before each row of a backlog is sent. */
  readonly mayDrain: () => boolean;
  readonly onFailure: () => void;
  /** Something has changed: look again. */
  readonly nudge: () => void;
}

/** One of the two queues: results, and what may never delay them. Rows leave it in order; a failing one steps aside. */
export class Lane {
  readonly #o: LaneOptions;
  readonly #inFlight = new Set<number>();
  /** Rows that step aside: seq → not before (monotonic ms). */
  readonly #retryAtMs = new Map<number, number>();
  /** Everything up to here was looked at. */
  #cursor = 0;
  /** Rows up to here were waiting when the connection came back; they go at the drain's rate. */
  #backlogUpTo = 0;
  #failuresInARow = 0;
  #heldUntilMs = 0;
  #holds = 0;
  /** There may be rows behind the cursor: only then is the store asked. */
  #look = true;

  constructor(options: LaneOptions) {
    this.#o = options;
  }

  get busy(): boolean {
    return this.#inFlight.size > 0;
  }

  carries(kind: OutboxKind): boolean {
    return (kind === 'result') === this.#o.results;
  }

  /** Something was queued. */
  look(): void {
    this.#look = true;
  }

  /** A new connection: everything is due, and what waits now is a backlog. */
  reset(): void {
    this.#retryAtMs.clear();
    this.#look = true;
    this.#cursor = 0;
    this.#failuresInARow = 0;
    this.#holds = 0;
    this.#heldUntilMs = 0;
    this.#backlogUpTo = this.#o.outbox.newestSeq();
  }

  /** Publishes what may go now. Returns in how many ms something becomes due by itself (Infinity: nothing). */
  ship(): number {
    const now = this.#o.clock.monotonicMs();
    if (now < this.#heldUntilMs) return this.#heldUntilMs - now;
    for (const [seq, atMs] of this.#retryAtMs) {
      if (atMs > now) continue;
      this.#retryAtMs.delete(seq);
      this.#lookFrom(seq);
    }
    // While nothing gets through, one row at a time asks whether that has changed.
    const window = this.#failuresInARow >= AWAY_AFTER ? 1 : this.#o.maxInFlight;
    while (this.#look && this.#inFlight.size < window) {
      const limit = Math.min(PAGE, window - this.#inFlight.size);
      const rows = this.#o.outbox.after(this.#cursor, this.#o.results, limit);
      for (const row of rows) {
        if (!this.#inFlight.has(row.seq) && !this.#retryAtMs.has(row.seq)) {
          if (row.seq <= this.#backlogUpTo && !this.#o.mayDrain()) return DRAIN_STEP_MS;
          this.#inFlight.add(row.seq);
          drop(this.#deliver(row), this.#o.log, 'delivering');
        }
        this.#cursor = Math.max(this.#cursor, row.seq);
      }
      this.#look = rows.length === limit;
    }
    return this.#nextDueMs(now);
  }

  #lookFrom(seq: number): void {
    this.#cursor = Math.min(this.#cursor, seq - 1);
    this.#look = true;
  }

  #nextDueMs(now: number): number {
    return Math.max(1, Math.min(...this.#retryAtMs.values()) - now);
  }

  async #deliver(row: OutboxRow): Promise<void> {
    const { bus, outbox, clock } = this.#o;
    try {
      const outcome = await bus.publishAcked(row.subject, this.#fitting(row), row.id, PUB_ACK_TIMEOUT_MS);
      if (outcome.kind === 'stored') {
        this.#failuresInARow = 0;
        this.#holds = 0;
        await outbox.delivered(row, clock.nowMs());
        return;
      }
      this.#o.onFailure();
      // On a lost link all of it is due again after the next connect.
      if (bus.link.value.state === 'connected') await this.#failed(row, outcome);
    } finally {
      this.#inFlight.delete(row.seq);
      this.#o.nudge();
    }
  }

  /** A result that was cut for one server may be too large for the next. */
  #fitting(row: OutboxRow): Uint8Array {
    const maxBytes = this.#o.bus.link.value.maxPayloadBytes - HEADER_BYTES;
    return row.kind === 'result' && row.body.length > maxBytes ? refitResult(row.body, maxBytes) : row.body;
  }

  async #failed(row: OutboxRow, outcome: Exclude<PublishOutcome, { kind: 'stored' }>): Promise<void> {
    const rejected = outcome.kind === 'rejected';
    const othersGetThrough = this.#failuresInARow === 0;
    if (!rejected && ++this.#failuresInARow >= AWAY_AFTER) {
      this.#hold(outcome.why);
      // One that asked alone and failed lets the next one ask, or a single bad row would hold up all others for ever.
      const alone = this.#failuresInARow > AWAY_AFTER && this.#inFlight.size === 1;
      if (alone) this.#retryAtMs.set(row.seq, this.#heldUntilMs + retryMs(this.#holds - 1));
      else this.#lookFrom(row.seq);
      return;
    }
    const { outbox, clock, log } = this.#o;
    const attempts = row.attempts + 1;
    if (attempts >= (rejected ? MAX_REJECTIONS : MAX_ATTEMPTS)) {
      log.error('can not be delivered and is parked', { kind: row.kind, id: row.id, why: outcome.why });
      await outbox.park(row, outcome.why, clock.nowMs());
      return;
    }
    log.warn('not delivered yet', { kind: row.kind, id: row.id, why: outcome.why, attempts });
    if (rejected || othersGetThrough) await outbox.failed(row);
    this.#retryAtMs.set(row.seq, clock.monotonicMs() + retryMs(attempts - 1));
  }

  /** Nothing gets through: it is not the rows. All of them wait, longer from try to try. */
  #hold(why: string): void {
    const now = this.#o.clock.monotonicMs();
    if (now < this.#heldUntilMs) return;
    this.#heldUntilMs = now + retryMs(this.#holds);
    this.#holds += 1;
    this.#o.log.warn('nothing is delivered at present', { results: this.#o.results, why });
  }
}

function retryMs(tries: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(tries, 6));
}
