/** The last step of a run: its end and its result into the store, in one transaction (invariant 3). */
import { errorText, type Logger } from '../../base/logger.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import { sleep } from '../../base/sleep.ts';
import { outcomeRow } from '../../shared/outcomes.ts';
import { endingOfRow, type Outcome } from '../results/ending.ts';
import type { OpenRun } from '../store/inbox.ts';
import type { Store } from '../store/store.ts';

export interface StoreEndingOptions {
  readonly pcId: string;
  readonly store: Store;
  readonly maxPayloadBytes: number;
  /** Keep 124 and 126 local (`[results] publish_pin_skips = false`). */
  readonly publishPinSkips: boolean;
  readonly log: Logger;
}

/**
 * Tries again and again until the store takes it: a result is never dropped, it waits in memory meanwhile. False: the store is closed, or
 * damaged; then the row is still `running`, and the next start answers it.
 */
export async function storeEnding(open: OpenRun, outcome: Outcome, options: StoreEndingOptions): Promise<boolean> {
  const { store, log } = options;
  const identity = { ...open, pcId: options.pcId };
  const ending = endingOfRow(outcome, identity, options.maxPayloadBytes, (error) => {
    log.error('a run has no result that can be told', { run: open.run, error: errorText(error) });
  });
  const local = !options.publishPinSkips && outcomeRow(outcome.reason).isPinSkip === true;
  for (;;) {
    try {
      await store.runs.finish(open.run, local ? { ...ending, outbox: null } : ending);
      break;
    } catch (error) {
      log.error('a result could not be stored yet', { request_id: open.requestId, error: errorText(error) });
      if (!store.isOpen || store.damage.value !== null) return false;
      await sleep(STORE_RETRY_MS);
    }
  }
  log.info('a command ended', {
    request_id: open.requestId,
    id: open.manifestId,
    reason: outcome.reason,
    exit_code: outcome.exitCode,
  });
  return true;
}
