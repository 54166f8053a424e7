/**
 * Whether a path answers at all. A look into a dead network share hangs for minutes or for ever, and one that is not made off the
 * event loop's thread takes the whole agent with it, without a word. So it is asked once, before anything else touches it.
 */
import { stat } from 'node:fs/promises';
import { orAbort } from './waiting.ts';

/** A local disk answers within milliseconds, also a slow one that sleeps. */
export const ANSWER_WITHIN_MS = 3_000;

export interface AnswerOptions {
  readonly signal: AbortSignal;
  /** Called once when there has been no answer for `limitMs`; it is waited for all the same. */
  readonly onSilence: () => void;
  readonly limitMs?: number;
}

/** Resolves when the path has answered, be it with an error. Rejects with the signal's reason when aborted. */
export async function untilItAnswers(path: string, options: AnswerOptions): Promise<void> {
  const { signal, onSilence, limitMs = ANSWER_WITHIN_MS } = options;
  signal.throwIfAborted();
  const late = setTimeout(onSilence, limitMs);
  try {
    await orAbort(
      stat(path).then(
        () => {},
        () => {},
      ),
      signal,
    );
  } finally {
    clearTimeout(late);
  }
}
