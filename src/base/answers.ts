/**
 * Whether a path answers at all. An access to a dead network share hangs for minutes or for ever, and one that is not made off the
 * event loop's thread takes the whole agent with it, without a word. So it is asked once, before anything else touches it.
 */
import { stat } from 'node:fs/promises';
import type { Clock } from './clock.ts';
import { orAbort, waitAtMost } from './waiting.ts';

/** A local disk answers within milliseconds, also a slow one that sleeps. */
export const ANSWER_WITHIN_MS = 3_000;

export interface AnswerOptions {
  readonly signal: AbortSignal;
  /** Called once when there has been no answer for `limitMs`; it is waited for all the same. */
  readonly onSilence: () => void;
  readonly limitMs?: number;
}

/**
 * The same of a path that is read over and over: asked before each access, and never waited for. A question that has no answer stays the
 * only one, since each takes a thread of the pool.
 */
export class AskedPath {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #question: { readonly askedAtMs: number; readonly answer: Promise<void> } | null = null;

  constructor(path: string, clock: Pick<Clock, 'monotonicMs'>) {
    this.#path = path;
    this.#clock = clock;
  }

  /** It was asked, and should have answered by now. */
  get isSilent(): boolean {
    return this.#question !== null && this.#clock.monotonicMs() - this.#question.askedAtMs >= ANSWER_WITHIN_MS;
  }

  /**
   * Asks, and waits for no longer than a path that is there takes. False: it does not answer, or has not since it was asked last.
   * Rejects with the signal's reason.
   */
  async answers(signal: AbortSignal, limitMs = ANSWER_WITHIN_MS): Promise<boolean> {
    if (this.isSilent) return false;
    let hasAnswered = false;
    const answered = this.#asked().then(() => {
      hasAnswered = true;
    });
    await waitAtMost(answered, limitMs, signal);
    return hasAnswered;
  }

  /** Resolves to whether there is something to tell by now: it has answered, or it is silent. Never rejects. */
  async ask(): Promise<boolean> {
    if (this.#question !== null) return this.isSilent;
    await this.#asked();
    return true;
  }

  #asked(): Promise<void> {
    if (this.#question !== null) return this.#question.answer;
    const answer = answerOf(this.#path).then(() => {
      this.#question = null;
    });
    this.#question = { askedAtMs: this.#clock.monotonicMs(), answer };
    return answer;
  }
}

/** Which paths have answered; one that is asked of for the first time is checked from then on. */
export class AnsweredPaths {
  readonly #answered = new Set<string>();
  readonly #asked = new Map<string, Promise<void>>();

  has(path: string): boolean {
    if (!this.#asked.has(path)) this.#asked.set(path, this.#ask(path));
    return this.#answered.has(path);
  }

  /** Those that were asked of and have not answered. */
  get waiting(): string[] {
    return [...this.#asked.keys()].filter((path) => !this.#answered.has(path));
  }

  /** As {@link untilItAnswers}, of one that is asked of already. */
  async until(path: string, options: AnswerOptions): Promise<void> {
    await inTime(this.#asked.get(path) ?? Promise.resolve(), options);
  }

  async #ask(path: string): Promise<void> {
    await answerOf(path);
    this.#answered.add(path);
  }
}

/** Resolves when the path has answered, be it with an error. Rejects with the signal's reason when aborted. */
export async function untilItAnswers(path: string, options: AnswerOptions): Promise<void> {
  options.signal.throwIfAborted();
  await inTime(answerOf(path), options);
}

async function inTime(answer: Promise<void>, options: AnswerOptions): Promise<void> {
  const { signal, onSilence, limitMs = ANSWER_WITHIN_MS } = options;
  const late = setTimeout(onSilence, limitMs);
  try {
    await orAbort(answer, signal);
  } finally {
    clearTimeout(late);
  }
}

/** Never rejects. */
async function answerOf(path: string): Promise<void> {
  await stat(path).catch(() => {});
}
