/**
 * Executions that IT wants stopped, on their way to the disk. Invariant: an order holds from the moment at which it came, whatever the
 * store does meanwhile; its command may still come (invariant 6).
 */
import type { Clock } from '../../base/clock.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import { sleep } from '../../base/sleep.ts';
import type { RunId } from '../../shared/ids.ts';
import type { Bus } from '../bus/bus.ts';
import type { Store } from '../store/store.ts';

export interface KillOrdersOptions {
  readonly store: Pick<Store, 'isUsable' | 'kills'>;
  readonly bus: Pick<Bus, 'serverNowMs'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export class KillOrders {
  readonly #options: KillOrdersOptions;
  readonly #unrecorded = new Set<string>();

  constructor(options: KillOrdersOptions) {
    this.#options = options;
  }

  /** Those that no store has taken yet. */
  get unrecorded(): ReadonlySet<string> {
    return this.#unrecorded;
  }

  /**
   * `killKnown`: at once for what is known here, before each try. Resolves to the runs that the store knows of it, those among them that
   * are being admitted right now; null: there is no store to take it.
   */
  async record(execId: string, killKnown: () => void): Promise<readonly RunId[] | null> {
    const { store, bus, clock, log, signal } = this.#options;
    const atMs = clock.nowMs();
    this.#unrecorded.add(execId);
    // What a stand-in is told is gone with it.
    while (store.isUsable) {
      killKnown();
      try {
        const runs = await store.kills.record(execId, atMs, bus.serverNowMs());
        this.#unrecorded.delete(execId);
        return runs;
      } catch (error) {
        log.error('a kill could not be recorded yet', { exec_id: execId, error: errorText(error) });
        await sleep(STORE_RETRY_MS, signal);
      }
    }
    return null;
  }
}
