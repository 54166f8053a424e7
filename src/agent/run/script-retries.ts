/**
 * Makes those due that wait for their script, when a connection comes. Invariant: one walk over the rows at a time; on a disk that takes
 * no writes, a link that comes and goes would make any number of them wait.
 */
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import { sleep } from '../../base/sleep.ts';
import type { Store } from '../store/store.ts';

export interface ScriptRetriesOptions {
  readonly store: Pick<Store, 'isOpen' | 'waits'>;
  readonly log: Logger;
  /** They are due. */
  readonly onDue: () => void;
  /** Our own stop; the next start asks again. */
  readonly signal: AbortSignal;
}

export class ScriptRetries {
  readonly #options: ScriptRetriesOptions;
  #walks = false;
  /** Once more, for a wait that has begun since. */
  #asked = false;

  constructor(options: ScriptRetriesOptions) {
    this.#options = options;
  }

  ask(): void {
    this.#asked = true;
    if (!this.#walks) drop(this.#walkWhileAsked(), this.#options.log, 'asking for scripts again');
  }

  async #walkWhileAsked(): Promise<void> {
    const { store, log, onDue, signal } = this.#options;
    this.#walks = true;
    try {
      while (this.#asked && !signal.aborted) {
        try {
          this.#asked = false;
          if (store.isOpen) await store.waits.retryNow();
          onDue();
        } catch (error) {
          this.#asked = true;
          log.error('what waits for its script could not be made due yet', { error: errorText(error) });
          await sleep(STORE_RETRY_MS, signal).catch(() => {});
        }
      }
    } finally {
      this.#walks = false;
    }
  }
}
