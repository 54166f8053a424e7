/**
 * Answers `logs.fetch` with the end of the newest log file (protocol §9.2). One request at a time, and each has an answer within
 * 3 s; a failure is answered as text on the same channel, since the caller knows no other.
 */
import { ANSWER_WITHIN_MS } from '../../base/answers.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import type { PcId } from '../../shared/ids.ts';
import type { Binding, Bus, BusMessage } from '../bus/bus.ts';
import { decodeLogsRequest } from '../wire/logs-request.ts';
import { logsFetchSubject } from '../wire/subjects.ts';
import { cutFront, lastLines } from './log-tail.ts';
import { newestLogFile } from './log-view.ts';
import { respondFitting } from './respond-fitting.ts';

/** Every broker takes so much, and one that does not is not asked again and again. */
const LEAST_ANSWER_BYTES = 512;
/** More requests than this at once are turned away: each costs a read of the file. */
const WAITING_MAX = 8;

export interface LogsFetchOptions {
  readonly pcId: PcId;
  readonly bus: Pick<Bus, 'subscribe'>;
  /** `[log] path` */
  readonly pathTemplate: string;
  /** `[log] keep_days`; with 0 there is no file. */
  readonly keepDays: number;
  readonly log: Logger;
  readonly nowMs?: () => number;
  readonly answerWithinMs?: number;
}

export function startLogsFetch(options: LogsFetchOptions): Binding {
  const { log } = options;
  const closing = new AbortController();
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  const answer = async (request: LogRequest) => {
    if (closing.signal.aborted || request.isAnswered) return;
    try {
      request.respond(await read(options, decodeLogsRequest(request.data).tailLines, closing.signal));
    } catch (error) {
      log.warn('the log can not be read', { error: errorText(error) });
      request.respond(failure(errorText(error)));
    }
  };
  const binding = options.bus.subscribe(logsFetchSubject(options.pcId), (message) => {
    if (message.reply === undefined) return log.warn('a request for the log names no one to answer');
    if (waiting >= WAITING_MAX) return void message.respond(failure('too many requests at once'));
    waiting += 1;
    const request = new LogRequest(message, options.answerWithinMs ?? ANSWER_WITHIN_MS);
    last = last
      .then(() => answer(request))
      // One that could not be answered must not be the end of all that follow.
      .catch((error: unknown) => log.warn('a request for the log can not be answered', { error: errorText(error) }))
      .finally(() => {
        request.close();
        waiting -= 1;
      });
  });
  return {
    close() {
      binding.close();
      closing.abort(new Error('closed'));
    },
  };
}

/**
 * A request that gets its one answer in time. An access to a share that is away does not come back, and there is no second one
 * meanwhile: each would take a thread of the pool.
 */
class LogRequest {
  readonly data: Uint8Array;
  readonly #message: BusMessage;
  readonly #late: NodeJS.Timeout;
  isAnswered = false;

  constructor(message: BusMessage, withinMs: number) {
    this.#message = message;
    this.data = message.data;
    this.#late = setTimeout(() => this.respond(failure('the log file does not answer')), withinMs);
  }

  respond(body: Uint8Array): void {
    if (this.isAnswered) return;
    this.isAnswered = true;
    this.close();
    respondFitting(this.#message, body, (end) => end, endOf);
  }

  close(): void {
    clearTimeout(this.#late);
  }
}

/** The second half, which is the newer one. */
function endOf(text: Uint8Array): Uint8Array | null {
  return text.length > LEAST_ANSWER_BYTES ? cutFront(text, text.length >> 1) : null;
}

async function read(options: LogsFetchOptions, lines: number, signal: AbortSignal): Promise<Uint8Array> {
  const { pathTemplate, keepDays } = options;
  if (keepDays === 0) throw new Error('no log file is kept on this PC: keep_days is 0');
  const path = await newestLogFile(pathTemplate, (options.nowMs ?? Date.now)());
  try {
    return await lastLines(path, lines, signal);
  } catch (cause) {
    throw new Error(`read log file ${path}`, { cause });
  }
}

function failure(text: string): Uint8Array {
  return Buffer.from(`logs.fetch: ${text}`);
}
