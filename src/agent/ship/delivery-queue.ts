/**
 * One of the two queues of the outbox: results, and what may never delay them. The next rows that are due go, in order; one that
 * fails steps aside by what is noted in its row. In memory is only what belongs to this connection: what is under way, what was
 * acknowledged and could not be noted yet, and whether anything gets through at all.
 */
import { type BackoffPolicy, backoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import type { OutboxKind } from '../../shared/outbox-kinds.ts';
import { ASK_AGAIN_MS, type Bus } from '../bus/bus.ts';
import type { Delivered, Outbox, OutboxRow } from '../store/outbox.ts';
import { RESULT_HEADER_BYTES, refitResult } from '../wire/result.ts';
import { type Failure, KeptBack } from './kept-back.ts';

/** From the moment at which the broker has read it. */
const PUB_ACK_PATIENCE_MS = 10_000;
/** More than this under way at a time would make everything else wait on a slow uplink. One row always may. */
const MAX_BYTES_IN_FLIGHT = 1024 * 1024;
/** How soon to ask again for a row of a backlog that may not go yet. */
const DRAIN_STEP_MS = 20;
/** A row that fails by itself, while others get through. */
const ROW_BACKOFF: BackoffPolicy = { minMs: 1_000, maxMs: 60_000, jitter: 0.2 };
/** A fleet may have no place for events: soon where that was only away, and hardly ever where there is none at all. */
const EVENT_BACKOFF: BackoffPolicy = { minMs: 1_000, maxMs: 600_000, jitter: 0.2 };
/** Nothing gets through: one row at a time asks whether that has changed, which costs nobody anything. */
const HOLD_BACKOFF: BackoffPolicy = { minMs: 1_000, maxMs: 10_000, jitter: 0.3 };
/** So many failures with nothing delivered between them mean that it is not the rows. */
const AWAY_AFTER = 4;
/** What the server will not take is asked for again once a day, beside each new connection. */
const PARKED_RETRY_MS = 86_400_000;
/** The bus asks the broker again now and then. */
const FORBIDDEN_RETRY_MS = ASK_AGAIN_MS + 10_000;
/** With so many delivered rows that could not be deleted, no more are sent: each would be one more to remember. */
const UNSETTLED_MAX = 256;
/** Between the end of a connection and the news of it. */
const LOST_PAUSE_MS = 200;
/** A result of less than this says nothing any more. */
const RESULT_MIN_BYTES = 1_024;

export interface DeliveryQueueOptions {
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly results: boolean;
  readonly rowBackoff?: BackoffPolicy;
  readonly holdBackoff?: BackoffPolicy;
  readonly maxInFlight: number;
  /** Asked before each row of a backlog is sent. */
  readonly mayDrain: () => boolean;
  /** Resolves when what must be stored before this row is, or will not be soon. */
  readonly before: (row: OutboxRow) => Promise<void>;
  readonly onFailure: () => void;
  /** Something has changed: read again. */
  readonly nudge: () => void;
  /** What keeps rows from being delivered; null: nothing does any more. */
  readonly onTrouble: (failure: Failure | null) => void;
}

export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  readonly #inFlight = new Map<number, Promise<void>>();
  /** The PubAck is here and the row could not be deleted yet: it is never sent again. */
  readonly #acknowledged = new Map<number, Delivered>();
  #settling = false;
  #bytesInFlight = 0;
  /** Rows up to here were waiting when the connection came; they go at the drain's rate. */
  #backlogUpTo = 0;
  #failuresInARow = 0;
  #heldUntilMs = 0;
  #heldSinceMs = 0;
  #storedAtMs = Number.NEGATIVE_INFINITY;
  #holds = 0;
  /** What the stream has shown to take less than the server's `max_payload`. */
  #maxBytes = Number.POSITIVE_INFINITY;
  readonly #keptBack: KeptBack;

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
    this.#keptBack = new KeptBack(options.onTrouble);
  }

  get busy(): boolean {
    return this.#inFlight.size > 0 || this.#acknowledged.size > 0;
  }

  /** Nothing gets through at present. */
  get held(): boolean {
    return this.#failuresInARow >= AWAY_AFTER;
  }

  /** Nothing is under way, and nothing may be tried now. */
  get idle(): boolean {
    if (this.busy) return false;
    return this.held || this.#options.outbox.due(this.#options.results, this.#options.clock.upMs(), 1).length === 0;
  }

  /** Nothing gets through, since then (monotonic ms); null: it does. */
  get heldSinceMs(): number | null {
    return this.held ? this.#heldSinceMs : null;
  }

  /** When something was stored last, monotonic ms. */
  get storedAtMs(): number {
    return this.#storedAtMs;
  }

  carries(kind: OutboxKind): boolean {
    return (kind === 'result') === this.#options.results;
  }

  /** A new connection: what waits now is a backlog, and what is known of the broker is forgotten. */
  connected(): void {
    this.#failuresInARow = 0;
    this.#holds = 0;
    this.#heldUntilMs = 0;
    this.#maxBytes = Number.POSITIVE_INFINITY;
    this.#keptBack.clear();
    this.#backlogUpTo = this.#options.outbox.newestSeq();
  }

  /** Publishes what may go now. Returns in how many ms something becomes due by itself (Infinity: nothing). */
  ship(): number {
    const { bus, clock, outbox, results } = this.#options;
    const heldMs = this.#heldUntilMs - clock.monotonicMs();
    if (heldMs > 0) return heldMs;
    if (this.#acknowledged.size >= UNSETTLED_MAX) return STORE_RETRY_MS;
    const room = (this.held ? 1 : this.#options.maxInFlight) - this.#inFlight.size;
    // Who ends nudges; a scan of hundreds of rows for each that ends would cost more than the sending.
    if (room <= 0 || (room < this.#inFlight.size / 4 && !this.held)) return Number.POSITIVE_INFINITY;
    const upMs = clock.upMs();
    const known = this.#inFlight.size + this.#acknowledged.size;
    for (const seq of outbox.due(results, upMs, known + room)) {
      if (this.#inFlight.has(seq) || this.#acknowledged.has(seq)) continue;
      if (this.#inFlight.size > 0 && this.#bytesInFlight >= Math.min(MAX_BYTES_IN_FLIGHT, bus.windowBytes)) break;
      if (seq <= this.#backlogUpTo && !this.#options.mayDrain()) return DRAIN_STEP_MS;
      void this.send(seq);
    }
    return Math.max(1, outbox.nextDueUpMs(results, upMs) - upMs);
  }

  /** Sends this row now, or waits for its sending that is under way. Never rejects. */
  send(seq: number): Promise<void> {
    const underWay = this.#inFlight.get(seq);
    if (underWay !== undefined) return underWay;
    if (this.#acknowledged.has(seq)) return Promise.resolve();
    const row = this.#options.outbox.get(seq);
    if (row === undefined) return Promise.resolve();
    this.#bytesInFlight += row.body.length;
    const sent = this.#deliver(row)
      .catch((error: unknown) => this.#unnoted(error))
      .finally(() => {
        this.#inFlight.delete(seq);
        this.#bytesInFlight -= row.body.length;
        this.#options.nudge();
      });
    this.#inFlight.set(seq, sent);
    return sent;
  }

  async #deliver(row: OutboxRow): Promise<void> {
    await this.#options.before(row);
    const { bus } = this.#options;
    const body = this.#fitting(row);
    const { seq, kind, run } = row;
    const delivered: Delivered = { seq, kind, run };
    const outcome = await bus.publishAcked(row.subject, body, row.id, {
      patienceMs: PUB_ACK_PATIENCE_MS,
      // It may be held for long, and holds no body.
      onLate: () => drop(this.#stored(delivered), this.#options.log, 'noting a late PubAck'),
    });
    if (outcome.kind === 'stored') return this.#stored(delivered);
    this.#options.onFailure();
    if (outcome.kind !== 'lost') return this.#failed(row, body.length, outcome);
    // With the connection nothing has happened to the row: it is due again with the next one, which soon shows.
    this.#heldUntilMs = Math.max(this.#heldUntilMs, this.#options.clock.monotonicMs() + LOST_PAUSE_MS);
  }

  /** A result that was cut for one server or stream may be too large for the next. */
  #fitting(row: OutboxRow): Uint8Array {
    const maxBytes = Math.min(this.#maxBytes, this.#options.bus.link.value.maxPayloadBytes - RESULT_HEADER_BYTES);
    return row.kind === 'result' && row.body.length > maxBytes ? refitResult(row.body, maxBytes) : row.body;
  }

  /** It is there. Until the row is gone it stays known as delivered, whatever the disk says. */
  async #stored(row: Delivered): Promise<void> {
    const { outbox, clock, log } = this.#options;
    const wasHeld = this.held;
    this.#storedAtMs = clock.monotonicMs();
    this.#failuresInARow = 0;
    this.#holds = 0;
    this.#keptBack.stored(row.seq);
    if (this.#acknowledged.has(row.seq)) return;
    this.#acknowledged.set(row.seq, row);
    // What the others were put off for is over.
    if (wasHeld) drop(outbox.wake(false), log, 'waking what waits');
    await outbox.delivered(row, clock.nowMs());
    this.#acknowledged.delete(row.seq);
  }

  /** True while something is delivered that could not be deleted; tries it again, one after the other until one fails. */
  settle(): boolean {
    const left = [...this.#acknowledged.values()].filter(({ seq }) => !this.#inFlight.has(seq));
    if (left.length > 0 && !this.#settling) {
      this.#settling = true;
      drop(
        this.#settleAll(left).finally(() => {
          this.#settling = false;
        }),
        this.#options.log,
        'settling what is delivered',
      );
    }
    return left.length > 0;
  }

  async #settleAll(left: readonly Delivered[]): Promise<void> {
    const { outbox, clock, log, nudge } = this.#options;
    for (const row of left) {
      try {
        await outbox.delivered(row, clock.nowMs());
      } catch (error) {
        log.debug('a delivered row is still there', { error: errorText(error) });
        return;
      }
      this.#acknowledged.delete(row.seq);
    }
    nudge();
  }

  async #failed(row: OutboxRow, sentBytes: number, outcome: Failure): Promise<void> {
    const { outbox, clock, log } = this.#options;
    const said = { kind: row.kind, id: row.id, why: outcome.why };
    const upMs = clock.upMs();
    const isKeptBack = outcome.kind === 'forbidden' || (outcome.kind === 'unavailable' && (outcome.full || this.held));
    if (!isKeptBack) this.#keptBack.release(row.seq);
    if (outcome.kind === 'too_large' && row.kind === 'result' && canBeCut(row.body, sentBytes)) {
      // How much the stream takes is told to nobody; a quarter less from try to try finds it.
      this.#maxBytes = Math.min(this.#maxBytes, cutTo(sentBytes));
      log.warn('a result is larger than its stream takes, and is cut', { ...said, to_bytes: this.#maxBytes });
      return;
    }
    if (outcome.kind === 'too_large' || outcome.kind === 'rejected') {
      if (row.parkedAtMs === null) log.error('can not be delivered and is parked', said);
      await outbox.park(row.seq, outcome.why, clock.nowMs(), upMs + PARKED_RETRY_MS);
      return;
    }
    if (outcome.kind === 'forbidden' || outcome.full) this.#keptBack.add(row.seq, outcome);
    const othersGetThrough = this.#failuresInARow === 0;
    // That there is no place for these says nothing of the others in the queue.
    const isEvent = row.kind === 'event';
    if (row.kind !== 'inventory' && !isEvent && this.#fails() >= AWAY_AFTER) this.#hold(row, outcome);
    else log.warn('not delivered yet', { ...said, attempts: row.attempts + 1 });
    const rowBackoff = isEvent ? EVENT_BACKOFF : (this.#options.rowBackoff ?? ROW_BACKOFF);
    const pauseMs = backoffMs(rowBackoff, row.attempts);
    // Where nothing gets through it is not the row, which waits no longer than the queue does.
    const longestMs = othersGetThrough || isEvent ? pauseMs : (this.#options.holdBackoff ?? HOLD_BACKOFF).maxMs;
    const forMs = outcome.kind === 'forbidden' ? FORBIDDEN_RETRY_MS : Math.min(pauseMs, longestMs);
    await outbox.retryAt(row.seq, upMs + forMs, outcome.why);
  }

  #fails(): number {
    this.#failuresInARow += 1;
    if (this.#failuresInARow === AWAY_AFTER) this.#heldSinceMs = this.#options.clock.monotonicMs();
    return this.#failuresInARow;
  }

  /** Nothing gets through: it is not the rows. All of them wait. */
  #hold(row: OutboxRow, failure: Failure): void {
    const now = this.#options.clock.monotonicMs();
    if (now < this.#heldUntilMs) return;
    this.#heldUntilMs = now + backoffMs(this.#options.holdBackoff ?? HOLD_BACKOFF, this.#holds);
    if (this.#holds === 0) {
      this.#options.log.warn('nothing is delivered at present', { results: this.#options.results, why: failure.why });
    }
    this.#holds += 1;
    this.#keptBack.add(row.seq, failure);
  }

  /** What became of a try could not be noted: the row looks due, so all of them pause. */
  #unnoted(error: unknown): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, this.#options.clock.monotonicMs() + STORE_RETRY_MS);
    this.#options.log.warn('what became of a delivery could not be noted yet', { error: errorText(error) });
  }
}

/** A quarter less than what was too much. */
function cutTo(sentBytes: number): number {
  return Math.floor(sentBytes * 0.75);
}

/** Ids alone may be longer than what a stream takes: then no cut makes it fit. */
function canBeCut(body: Uint8Array, sentBytes: number): boolean {
  return sentBytes > RESULT_MIN_BYTES && refitResult(body, cutTo(sentBytes)).length < sentBytes;
}
