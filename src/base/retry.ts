/** For work that is never given up: most of it waits for a store that takes no writes at present. */
import { sleep } from './sleep.ts';

/** How soon a store that took no write, or could not be read, is asked again. */
export const STORE_RETRY_MS = 1_000;

/** Does the work again, after each {@link STORE_RETRY_MS}, until it is done; `onError` is told of each failure. Rejects when aborted. */
export async function untilDone<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      onError(error);
      await sleep(STORE_RETRY_MS, signal);
    }
  }
}
