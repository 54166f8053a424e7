/**
 * The end of the log for the helpdesk's view. Invariant: however many ask, the file is read once at a time, since an access to a share
 * that is away does not come back; who asks has an answer within {@link ANSWER_WITHIN_MS}.
 */
import { ANSWER_WITHIN_MS } from '../../base/answers.ts';
import { dailyFiles } from '../../base/log-names.ts';
import { errorText } from '../../base/logger.ts';
import { waitAtMost } from '../../base/waiting.ts';
import type { LogEnd } from '../../shared/helpdesk-view.ts';
import { lastLines } from './log-tail.ts';

export interface LogViewOptions {
  /** `[log] path` */
  readonly pathTemplate: string;
  /** `[log] keep_days`; with 0 there is no file. */
  readonly keepDays: number;
  readonly maxLines: number;
  readonly nowMs?: () => number;
  readonly answerWithinMs?: number;
}

export class LogView {
  readonly #options: LogViewOptions;
  readonly #closing = new AbortController();
  #reading: Promise<LogEnd> | null = null;

  constructor(options: LogViewOptions) {
    this.#options = options;
  }

  /** The last lines of the newest file. Never rejects. */
  async end(): Promise<LogEnd> {
    const { keepDays, pathTemplate, answerWithinMs = ANSWER_WITHIN_MS } = this.#options;
    if (keepDays === 0) return { kind: 'none' };
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    let found: LogEnd = { kind: 'unread', path: pathTemplate, why: 'it does not answer' };
    const reading = this.#reading.then((end) => {
      found = end;
    });
    await waitAtMost(reading, answerWithinMs);
    return found;
  }

  close(): void {
    this.#closing.abort(new Error('closed'));
  }

  async #read(): Promise<LogEnd> {
    const { pathTemplate, maxLines, nowMs = Date.now } = this.#options;
    const path = await newestLogFile(pathTemplate, nowMs());
    try {
      const text = Buffer.from(await lastLines(path, maxLines, this.#closing.signal)).toString('utf8');
      return { kind: 'lines', path, lines: text === '' ? [] : text.trimEnd().split('\n') };
    } catch (error) {
      return { kind: 'unread', path, why: errorText(error) };
    }
  }
}

/** Our own file of today, else of the last day before it. */
export async function newestLogFile(pathTemplate: string, nowMs: number): Promise<string> {
  const files = await dailyFiles(pathTemplate, nowMs).catch(() => []);
  return files.at(-1) ?? pathTemplate;
}
