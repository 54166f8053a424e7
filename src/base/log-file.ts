/**
 * The log: the daily file of protocol §9.1 and the same lines on standard output, both within the limits of `log-limits.ts`.
 */
import type { Writable } from 'node:stream';
import { ANSWER_WITHIN_MS } from './answers.ts';
import { DailyFile, type LogFailure } from './daily-file.ts';
import { logLevelOf } from './log-level.ts';
import { LogLimits } from './log-limits.ts';
import { entryLogger, formatJsonLine, formatLine, type Logger, type LogLevel, ROOT_COMPONENT } from './logger.ts';
import { waitAtMost } from './waiting.ts';
import { type Watched, WatchedCell } from './watched.ts';

/** Characters that may wait for a slow reader of standard output. */
const BACKLOG_MAX_CHARS = 1024 * 1024;

export interface LogOptions {
  /** `[log] path`: `<dir>/<stem>.<ext>`; the date goes between the two. */
  readonly pathTemplate: string;
  /** A level, or an env_logger-like directive (`info,kanade_agent=debug`). */
  readonly level: string;
  /** So many daily files stay; 0: no file at all. */
  readonly keepDays: number;
  /** `[log] format`; the same for the file and for standard output. */
  readonly format: 'text' | 'json';
  readonly stdout: Writable | null;
  /** `RUST_LOG`; where it names a level, that one wins. */
  readonly rustLog?: string | undefined;
  readonly nowMs?: () => number;
  /** How long the file may take to be opened before the log goes on without it. */
  readonly answerWithinMs?: number;
  readonly dayMaxBytes?: number;
}

export interface OpenLog {
  readonly logger: Logger;
  /** Why the log is not in its file at present; null: it is, or none is kept. */
  readonly failure: Watched<LogFailure | null>;
  /** For as long as this process lives. */
  setLevel(level: LogLevel): void;
  /** The file of today; null where none is kept or it can't be written. */
  currentFile(): string | null;
  /** Writes what waits and lets go of the file. Also done at the exit of the process. */
  close(): void;
}

/**
 * Opens the log. Never rejects: a file that can't be written, or does not answer in time, is named on standard output and tried
 * again, and the lines wait for it.
 */
export async function openLog(options: LogOptions): Promise<OpenLog> {
  let level = logLevelOf(options.rustLog) ?? logLevelOf(options.level) ?? 'info';
  const { stdout, keepDays, answerWithinMs = ANSWER_WITHIN_MS, nowMs = Date.now } = options;
  // A reader that has gone away must not end the agent; its error may come late, so this stays.
  stdout?.on('error', () => {});
  const format = options.format === 'json' ? formatJsonLine : formatLine;
  const limits = new LogLimits({
    format,
    write: (text) => {
      file?.append(text);
      if (stdout !== null && stdout.writableLength < BACKLOG_MAX_CHARS) stdout.write(text);
    },
    nowMs,
    ...(options.dayMaxBytes === undefined ? {} : { dayMaxBytes: options.dayMaxBytes }),
  });
  const gapLine = (lines: number) => {
    const message = `${lines} lines or more are missing here`;
    return `${format({ at: new Date(), level: 'warn', component: ROOT_COMPONENT, message })}\n`;
  };
  const onOpened = (bytes: number) => limits.holdsToday(bytes);
  const { pathTemplate } = options;
  const file =
    keepDays > 0 ? new DailyFile({ pathTemplate, keepDays, nowMs, gapLine, onOpened, answerWithinMs }) : null;
  const logger = entryLogger(
    (entry) => limits.take(entry),
    () => level,
  );
  file?.failure.watch((failure) => {
    if (failure !== null) logger.error('the log file can not be written', { ...failure });
  });
  // After the file's own limit, so that its failure has been said.
  if (file !== null) await waitAtMost(file.ready, answerWithinMs + 1);
  const close = () => {
    process.off('exit', close);
    limits.close();
    file?.close();
  };
  process.once('exit', close);
  return {
    logger,
    failure: file?.failure ?? new WatchedCell(null),
    setLevel: (to) => {
      level = to;
    },
    currentFile: () => file?.path ?? null,
    close,
  };
}
