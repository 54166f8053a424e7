/**
 * What an earlier process left, settled before anything is dispatched: interrupted runs are answered, an older copy of the store
 * runs nothing, and what waited is judged by what the fleet says now, not by what was known before. Part of the composition root.
 */
import { errorText, type Logger } from '../../base/logger.ts';
import { untilDone } from '../../base/retry.ts';
import { waitAtMost } from '../../base/waiting.ts';
import { until } from '../../base/watched.ts';
import type { Bus } from '../bus/bus.ts';
import type { Dispatcher } from '../run/dispatcher.ts';
import { endOlderCopy, type RecoveryOptions, recover } from '../run/recovery.ts';

/** How long what waited over a restart waits for the durable consumer of a fleet that is connected. */
const BOUND_WITHIN_MS = 10_000;

export interface SettleOptions extends RecoveryOptions {
  readonly dispatcher: Dispatcher;
  readonly bus: Bus;
  /** The file is an older copy, as its boot counter says; on a full disk that could not be noted in it. */
  readonly oldCopy: boolean;
  readonly log: Logger;
}

export class Settling {
  readonly #options: SettleOptions;
  readonly #bound = Promise.withResolvers<void>();
  readonly #foundRun: number;
  /** What an older copy may hold: until the consumer was bound once what was found, later all that a lost connection left. */
  #suspectUpTo: number;
  #unnoted: number | null;
  #wasBound = false;
  #ending: Promise<void> = Promise.resolve();

  constructor(options: SettleOptions) {
    this.#options = options;
    this.#foundRun = options.store.foundRun;
    this.#suspectUpTo = this.#foundRun;
    this.#unnoted = options.oldCopy ? this.#foundRun : null;
    options.bus.link.watch(({ state }) => {
      if (state === 'connected' && this.#wasBound) this.#suspectUpTo = this.#newestRun();
    });
  }

  /** Told from inside the connection: a store that can't be read at present must not reach it. */
  #newestRun(): number {
    try {
      return this.#options.store.inbox.newestRun();
    } catch (error) {
      this.#options.log.warn('the open commands could not be read', { error: errorText(error) });
      return this.#suspectUpTo;
    }
  }

  /**
   * The consumer has met a later state of this store. Resolves when that is on disk. What is open is ended once the consumer is bound,
   * which may take long, or until the store takes it; none of it begins from now on.
   */
  async olderCopy(): Promise<void> {
    const { log, dispatcher, store } = this.#options;
    const upTo = this.#suspectUpTo;
    log.error('the fleet knows a later state of this store; nothing that is open in it is run', { up_to_run: upTo });
    dispatcher.startNothingUpTo(upTo);
    await store.markOlderCopy(upTo);
  }

  /** The durable consumer is bound. */
  async consumerBound(signal: AbortSignal): Promise<void> {
    this.#wasBound = true;
    this.#bound.resolve();
    if (this.#options.dispatcher.started) await this.#untilDone(() => this.#endOlderCopy(signal), signal);
  }

  /** Then dispatches. What fails is tried again. Rejects when aborted: the next start does the rest. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#untilDone(() => this.#run(signal), signal);
  }

  async #untilDone(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    await untilDone(work, signal, (error) => {
      this.#options.log.error('what an earlier process left could not be settled yet', { error: errorText(error) });
    });
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, dispatcher } = this.#options;
    await this.#endOlderCopy(signal);
    await recover(this.#options, signal);
    if (store.inbox.open(1).length > 0) await this.#heardOfTheFleet(signal);
    await this.#endOlderCopy(signal);
    dispatcher.start();
  }

  async #endOlderCopy(signal: AbortSignal): Promise<void> {
    // One after the other: who ends what is marked must not drop a mark that was raised meanwhile.
    const ended = this.#ending.then(() => this.#endMarked(signal));
    this.#ending = ended.catch(() => {});
    await ended;
  }

  async #endMarked(signal: AbortSignal): Promise<void> {
    for (;;) {
      const marked = this.#options.store.olderCopyUpTo;
      const upTo = marked === null ? this.#unnoted : Math.max(marked, this.#unnoted ?? 0);
      if (upTo === null) return;
      await endOlderCopy(this.#options, upTo, signal);
      this.#unnoted = null;
    }
  }

  async #heardOfTheFleet(signal: AbortSignal): Promise<void> {
    const { bus } = this.#options;
    await until(bus.tried, (tried) => tried, signal);
    if (bus.link.value.state !== 'connected') return;
    await waitAtMost(this.#bound.promise, BOUND_WITHIN_MS, signal);
  }
}
