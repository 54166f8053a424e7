/**
 * What an earlier process left, settled before anything is dispatched: interrupted runs are answered, an older copy of the store
 * runs nothing, and what waited is judged by what the fleet says now, not by what was known before. Part of the composition root.
 */
import type { Logger } from './base/logger.ts';
import { sleep } from './base/sleep.ts';
import { until } from './base/watched.ts';
import type { Bus } from './bus/bus.ts';
import type { Dispatcher } from './run/dispatcher.ts';
import { endOlderCopy, type RecoveryOptions, recover } from './run/recovery.ts';

/** How long what waited over a restart waits for the durable consumer of a fleet that is connected. */
const BOUND_WITHIN_MS = 10_000;

export interface SettleOptions extends RecoveryOptions {
  readonly dispatcher: Dispatcher;
  readonly bus: Bus;
  /** The file is an older copy, as its boot counter says. */
  readonly oldCopy: boolean;
  readonly log: Logger;
}

export class Settling {
  readonly #o: SettleOptions;
  readonly #bound = Promise.withResolvers<void>();
  #olderCopy = false;

  constructor(options: SettleOptions) {
    this.#o = options;
  }

  /** The durable consumer is bound; it knows whether a later state of this store has used it. */
  async consumerBound({ olderCopy }: { readonly olderCopy: boolean }, signal: AbortSignal): Promise<void> {
    if (olderCopy) this.#o.log.error('the fleet knows a later state of this store; nothing that is open in it is run');
    const late = this.#o.dispatcher.started;
    this.#olderCopy = olderCopy && !late;
    this.#bound.resolve();
    if (olderCopy && late) await endOlderCopy(this.#o, signal);
  }

  /** Then dispatches. Rejects when aborted: the next start does the rest. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, dispatcher, oldCopy } = this.#o;
    if (oldCopy) await endOlderCopy(this.#o, signal);
    await recover(this.#o, signal);
    if (store.inbox.open(1).length > 0) await this.#heardOfTheFleet(signal);
    if (this.#olderCopy) await endOlderCopy(this.#o, signal);
    dispatcher.start();
  }

  async #heardOfTheFleet(signal: AbortSignal): Promise<void> {
    const { bus } = this.#o;
    await until(bus.tried, (tried) => tried, signal);
    if (bus.link.value.state !== 'connected') return;
    const enough = new AbortController();
    const either = AbortSignal.any([signal, enough.signal]);
    await Promise.race([this.#bound.promise, sleep(BOUND_WITHIN_MS, either).catch(() => {})]);
    enough.abort();
    signal.throwIfAborted();
  }
}
