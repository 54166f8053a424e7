/**
 * Delivers the outbox: published with its id, gone on PubAck, parked while the server will not take it. No row holds up
 * another; results go in the order in which they were queued, each after its started event, and nothing else delays them
 * (invariant 5).
 *
 * Nothing is published while disconnected. After an outage of more than a minute the start is spread over 10 s, and a long
 * backlog goes at a set rate, so that a fleet that comes back does not fall on its broker (protocol §4.8).
 */
import type { BackoffPolicy } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import { MAX_TIMER_MS, sleep } from '../../base/sleep.ts';
import { waitAtMost } from '../../base/waiting.ts';
import { type Watched, WatchedCell } from '../../base/watched.ts';
import type { Bus, LinkStatus } from '../bus/bus.ts';
import type { Outbox, OutboxRow } from '../store/outbox.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { Failure } from './kept-back.ts';

const OUTAGE_MS = 60_000;
const RETURN_JITTER_MS = 10_000;
/** So many rows of a backlog go at the set rate, the rest at the slow one. */
const FAST_ROWS = 1_000;
const SLOW_PER_SECOND = 200;
const STEP_MS = 20;
/** How long a result waits for the PubAck of its started event: without it a backend may run the job again. */
const STARTED_FIRST_MS = 5_000;

/** Why results wait although there is a connection. */
export interface Undelivered {
  /** No room at the broker, a permission that is lacking, or nobody who stores them. */
  readonly cause: 'full' | 'permission' | 'no_answer';
  readonly why: string;
}

export interface ShipperOptions {
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  /** `[results] drain_per_second`; 0 lifts every limit. */
  readonly drainPerSecond: number;
  readonly onFailure: () => void;
  readonly rowBackoff?: BackoffPolicy;
  readonly holdBackoff?: BackoffPolicy;
  readonly random?: () => number;
}

export class Shipper {
  readonly #options: ShipperOptions;
  readonly #results: DeliveryQueue;
  readonly #rest: DeliveryQueue;
  readonly #undelivered = new WatchedCell<Undelivered | null>(null);
  readonly #stopping = new AbortController();
  #wake: (() => void) | null = null;
  #nudged = false;
  #loop: Promise<void> | undefined;
  #connection: LinkStatus | null = null;
  /** All that begins with this connection has begun. */
  #begun = false;
  /** When the link was last good before it was lost, `Clock.upMs`. */
  #lostAtUpMs: number | null = null;
  #drainedRows = 0;
  #allowance = 0;
  #allowanceAtMs = 0;

  constructor(options: ShipperOptions) {
    this.#options = options;
    const shared = { ...options, mayDrain: () => this.#mayDrain(), nudge: () => this.nudge(), maxInFlight: 256 };
    this.#results = new DeliveryQueue({
      ...shared,
      results: true,
      before: (row) => this.#startedFirst(row),
      onTrouble: (failure) => this.#trouble(failure),
    });
    this.#rest = new DeliveryQueue({ ...shared, results: false, before: async () => {}, onTrouble: () => {} });
  }

  /** Why results wait although there is a connection; null: they don't. */
  get undelivered(): Watched<Undelivered | null> {
    return this.#undelivered;
  }

  start(): void {
    this.#options.bus.link.watch(() => this.nudge());
    this.#loop = this.#run();
  }

  /** Something was queued, or has changed: what may go now, goes. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    this.nudge();
    await this.#loop;
  }

  /** Resolves when nothing is left that may be delivered now, there is nobody to deliver it to, or the signal is aborted. */
  async drained(signal: AbortSignal): Promise<void> {
    const { bus } = this.#options;
    while (!signal.aborted && bus.link.value.state === 'connected' && this.#queues.some((queue) => !queue.idle)) {
      await sleep(STEP_MS, signal).catch(() => {});
    }
  }

  get #queues(): readonly DeliveryQueue[] {
    return [this.#results, this.#rest];
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#nudged = false;
      const dueInMs = await this.#shipDue();
      // Let what came in the same turn come together: one pass serves it all.
      if (this.#nudged) await loopTurn();
      else await this.#pause(dueInMs);
    }
  }

  /** Sends what may go now. Returns in how many ms to read again by itself. */
  async #shipDue(): Promise<number> {
    try {
      const connected = await this.#connected();
      const unsettled = this.#queues.filter((queue) => queue.settle()).length > 0;
      const dueInMs = connected ? Math.min(...this.#queues.map((queue) => queue.ship())) : Number.POSITIVE_INFINITY;
      return unsettled ? Math.min(dueInMs, STORE_RETRY_MS) : dueInMs;
    } catch (error) {
      // A store that can't be read at present: nothing is lost, and it is checked again.
      this.#options.log.error('the outbox could not be read', { error: errorText(error) });
      this.#nudged = false;
      return STORE_RETRY_MS;
    }
  }

  /** True while connected; a new connection begins with its jitter and a fresh read of everything. */
  async #connected(): Promise<boolean> {
    const { bus, clock } = this.#options;
    const link = bus.link.value;
    if (link.state !== 'connected') {
      if (this.#connection !== null) {
        this.#lostAtUpMs = clock.upMs() - finite(bus.linkAgeMs());
        this.#undelivered.set(null);
      }
      this.#connection = null;
      return false;
    }
    if (this.#connection === link && this.#begun) return true;
    if (this.#connection !== link && !(await this.#returned(link))) return false;
    this.#begin(link);
    return true;
  }

  /** After an outage the fleet does not come back all at once. False: the connection is gone again. */
  async #returned(link: LinkStatus): Promise<boolean> {
    const { bus, clock } = this.#options;
    if (this.#lostAtUpMs !== null && clock.upMs() - this.#lostAtUpMs > OUTAGE_MS) {
      const random = this.#options.random ?? Math.random;
      await sleep(random() * RETURN_JITTER_MS, this.#stopping.signal).catch(() => {});
      if (bus.link.value !== link) return false;
    }
    this.#connection = link;
    this.#begun = false;
    return true;
  }

  /** Throws where the store can't be read at present; then the next read begins with it again. */
  #begin(link: LinkStatus): void {
    this.#drainedRows = 0;
    this.#allowance = 0;
    this.#allowanceAtMs = this.#options.clock.monotonicMs();
    for (const queue of this.#queues) queue.connected();
    drop(this.#wakeAll(link), this.#options.log, 'waking what waits');
    this.#begun = true;
  }

  /** Makes all due, again and again until the store takes it: what puts rows off may be the time of an earlier start of the PC. */
  async #wakeAll(link: LinkStatus): Promise<void> {
    const { bus, outbox, log } = this.#options;
    while (bus.link.value === link && !this.#stopping.signal.aborted) {
      try {
        await outbox.wake(true);
        return this.nudge();
      } catch (error) {
        log.warn('what waits could not be made due yet', { error: errorText(error) });
        await sleep(STORE_RETRY_MS, this.#stopping.signal).catch(() => {});
      }
    }
  }

  /**
   * A started event that is stored after its result leaves the run without a version at the backend, which may then run the job
   * again. Not waited for where results get through and nothing of its kind does.
   */
  async #startedFirst({ kind, id }: OutboxRow): Promise<void> {
    if (kind !== 'result') return;
    const { heldSinceMs } = this.#rest;
    if (heldSinceMs !== null && this.#results.storedAtMs > heldSinceMs) return;
    const seq = this.#options.outbox.seqOf('started', id);
    if (seq === undefined) return;
    await waitAtMost(this.#rest.send(seq), STARTED_FIRST_MS);
  }

  /** The beginning is in the log of its queue. */
  #trouble(failure: Failure | null): void {
    const was = this.#undelivered.value;
    if (failure === null && was !== null) this.#options.log.info('nothing keeps results back any more');
    this.#undelivered.set(undelivered(failure, was));
  }

  #rate(): number {
    const set = this.#options.drainPerSecond;
    if (set === 0) return Number.POSITIVE_INFINITY;
    return this.#drainedRows < FAST_ROWS ? set : Math.min(set, SLOW_PER_SECOND);
  }

  /** One more row of the backlog may go, by a bucket that holds what a tenth of a second brings. */
  #mayDrain(): boolean {
    const rate = this.#rate();
    if (rate === Number.POSITIVE_INFINITY) return true;
    const now = this.#options.clock.monotonicMs();
    this.#allowance = Math.min(Math.max(1, rate / 10), this.#allowance + ((now - this.#allowanceAtMs) / 1000) * rate);
    this.#allowanceAtMs = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    this.#drainedRows += 1;
    return true;
  }

  /** Waits for a nudge, or `ms`. */
  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (Number.isFinite(ms)) timer = setTimeout(resolve, Math.min(ms, MAX_TIMER_MS));
    });
    clearTimeout(timer);
    this.#wake = null;
  }
}

function undelivered(failure: Failure | null, now: Undelivered | null): Undelivered | null {
  if (failure === null) return null;
  const cause = causeOf(failure);
  return now?.cause === cause && now.why === failure.why ? now : { cause, why: failure.why };
}

function causeOf(failure: Failure): Undelivered['cause'] {
  switch (failure.kind) {
    case 'forbidden':
      return 'permission';
    case 'unavailable':
      return failure.full ? 'full' : 'no_answer';
    case 'too_large':
    case 'rejected':
      return 'no_answer';
  }
}

function finite(ms: number): number {
  return Number.isFinite(ms) ? ms : 0;
}
