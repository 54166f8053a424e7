/** Promises that nobody waits for. */
import { errorText, type Logger } from './logger.ts';

/** Deliberate fire-and-forget: the promise's failure is logged under `what`, never lost and never fatal. */
export function drop(promise: Promise<unknown>, log: Logger, what: string): void {
  promise.catch((error: unknown) => {
    if (error instanceof Error && error.name === 'AbortError') return;
    log.error(`${what} failed`, { error: errorText(error) });
  });
}
