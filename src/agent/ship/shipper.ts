/**
 * Delivers the outbox: published with its id, gone on PubAck, parked when the server will never take it. No row holds up
 * another; results go in the order in which they were queued, and nothing else delays them (invariant 5).
 *
 * Nothing is published while disconnected. After an outage of more than a minute the start is spread over 10 s, and a long
 * backlog goes at a set rate, so that a fleet that comes back does not fall on its broker (design §7).
 */
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import type { Bus } from '../bus/bus.ts';
import type { Outbox, OutboxKind } from '../store/outbox.ts';
import { Lane } from './lane.ts';

const OUTAGE_MS = 60_000;
const RETURN_JITTER_MS = 10_000;
/** So many rows of a backlog go at the set rate, the rest at the slow one. */
const FAST_ROWS = 1_000;
const SLOW_PER_SECOND = 200;
const STEP_MS = 20;

export interface ShipperOptions {
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  /** `[results] drain_per_second`; 0 lifts every limit. */
  readonly drainPerSecond: number;
  readonly onFailure: () => void;
  readonly random?: () => number;
}

export class Shipper {
  readonly #o: ShipperOptions;
  readonly #lanes: readonly Lane[];
  readonly #stopping = new AbortController();
  #wake: (() => void) | null = null;
  #nudged = false;
  #loop: Promise<void> | undefined;
  #connectionMs: number | null = null;
  #lostAtMs: number | null = null;
  #drainedRows = 0;
  #allowance = 0;
  #allowanceAtMs = 0;

  constructor(options: ShipperOptions) {
    this.#o = options;
    const shared = { ...options, mayDrain: () => this.#mayDrain(), nudge: () => this.nudge() };
    this.#lanes = [
      new Lane({ ...shared, results: true, maxInFlight: 256 }),
      new Lane({ ...shared, results: false, maxInFlight: 64 }),
    ];
  }

  start(): void {
    this.#o.bus.link.watch(() => this.nudge());
    this.#loop = this.#run();
  }

  /** Something of this kind was queued. */
  queued(kind: OutboxKind): void {
    for (const lane of this.#lanes) if (lane.carries(kind)) lane.look();
    this.nudge();
  }

  /** Something has changed: what may go now, goes. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    this.nudge();
    await this.#loop;
  }

  /** Resolves when nothing is left to deliver, or the signal is aborted. */
  async drained(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (this.#lanes.some((lane) => lane.busy) || this.#o.outbox.counts().waiting > 0)) {
      await sleep(STEP_MS, signal).catch(() => {});
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#nudged = false;
      const dueInMs = (await this.#connected())
        ? Math.min(...this.#lanes.map((lane) => lane.ship()))
        : Number.POSITIVE_INFINITY;
      if (!this.#nudged) await this.#pause(dueInMs);
    }
  }

  /** True while connected; a new connection begins with its jitter and a fresh look at everything. */
  async #connected(): Promise<boolean> {
    const link = this.#o.bus.link.value;
    if (link.state !== 'connected') {
      if (this.#connectionMs !== null) this.#lostAtMs = link.lastGoodAtMs;
      this.#connectionMs = null;
      return false;
    }
    if (this.#connectionMs === link.sinceMs) return true;
    if (this.#lostAtMs !== null && link.sinceMs - this.#lostAtMs > OUTAGE_MS) {
      const random = this.#o.random ?? Math.random;
      await sleep(random() * RETURN_JITTER_MS, this.#stopping.signal).catch(() => {});
      if (this.#o.bus.link.value !== link) return false;
    }
    this.#connectionMs = link.sinceMs;
    this.#drainedRows = 0;
    this.#allowance = 0;
    this.#allowanceAtMs = this.#o.clock.monotonicMs();
    for (const lane of this.#lanes) lane.reset();
    return true;
  }

  #rate(): number {
    const set = this.#o.drainPerSecond;
    if (set === 0) return Number.POSITIVE_INFINITY;
    return this.#drainedRows < FAST_ROWS ? set : Math.min(set, SLOW_PER_SECOND);
  }

  /** One more row of the backlog may go, by a bucket that holds what a tenth of a second brings. */
  #mayDrain(): boolean {
    const rate = this.#rate();
    if (rate === Number.POSITIVE_INFINITY) return true;
    const now = this.#o.clock.monotonicMs();
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
      if (Number.isFinite(ms)) timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.#wake = null;
  }
}
