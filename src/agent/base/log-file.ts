/**
 * The daily log file of protocol §9.1, beside the same lines on standard output. Its memory is bounded and it never holds
 * up its writer: lines are written in batches; where the disk can't follow, lines are left out and the gap is named.
 *
 * A plain append instead of electron-log's file transport: that one writes each line synchronously or queues without a
 * bound, knows no days to keep, and costs 9 ms and 3 MB at a start that has 150 ms and 80 MB in all.
 */
import { closeSync, openSync, readdirSync, rmSync, write, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { makeDirectory } from '../../shared/make-directory.ts';
import { logLevelOf } from './log-level.ts';
import {
  formatJsonLine,
  formatLine,
  type LineFormat,
  type Logger,
  type LogLevel,
  lineLogger,
  ROOT_COMPONENT,
} from './logger.ts';

const DAY_MS = 86_400_000;
/** Characters that may wait for a slow disk, or for a slow reader of standard output. */
const BACKLOG_MAX_CHARS = 1024 * 1024;
const BATCH_MS = 20;

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
}

export interface OpenLog {
  readonly logger: Logger;
  /** For as long as this process lives. */
  setLevel(level: LogLevel): void;
  /** The file of today; null where none is kept or it can't be written. */
  currentFile(): string | null;
  /** Writes what waits and lets go of the file. Also done at the exit of the process. */
  close(): void;
}

/** Opens the log. Never throws: a file that can't be written is named on standard output and tried again. */
export function openLog(options: LogOptions): OpenLog {
  let level = logLevelOf(options.rustLog) ?? logLevelOf(options.level) ?? 'info';
  const { stdout } = options;
  // A reader that has gone away must not end the agent; its error may come late, so this stays.
  stdout?.on('error', () => {});
  const format = options.format === 'json' ? formatJsonLine : formatLine;
  const file = options.keepDays > 0 ? new DailyFile(options, format) : null;
  const logger = lineLogger(
    (line) => {
      const text = `${line}\n`;
      file?.append(text);
      if (stdout !== null && stdout.writableLength < BACKLOG_MAX_CHARS) stdout.write(text);
    },
    () => level,
    format,
  );
  const onExit = () => file?.close();
  process.once('exit', onExit);
  if (file !== null && file.path === null) logger.error('the log file can not be written', { why: file.why });
  return {
    logger,
    setLevel: (to) => {
      level = to;
    },
    currentFile: () => file?.path ?? null,
    close: () => {
      process.off('exit', onExit);
      file?.close();
    },
  };
}

/** The names of the daily files of a template, oldest first. Rejects nothing: an unreadable directory has none. */
export function dailyFiles(pathTemplate: string): string[] {
  const { directory, stem, extension } = parts(pathTemplate);
  try {
    return readdirSync(directory)
      .filter((name) => name.startsWith(`${stem}.`) && name.endsWith(extension) && name !== `${stem}${extension}`)
      .sort();
  } catch {
    return [];
  }
}

function parts(pathTemplate: string): { directory: string; stem: string; extension: string } {
  const extension = extname(pathTemplate);
  return { directory: dirname(pathTemplate), stem: basename(pathTemplate, extension), extension };
}

class DailyFile {
  readonly #template: string;
  readonly #keepDays: number;
  readonly #format: LineFormat;
  readonly #nowMs: () => number;
  #day = Number.NaN;
  #fd: number | null = null;
  #path: string | null = null;
  #why: string | null = null;
  #waiting: string[] = [];
  #waitingChars = 0;
  #leftOut = 0;
  #writing = false;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor({ pathTemplate, keepDays, nowMs = Date.now }: LogOptions, format: LineFormat) {
    this.#format = format;
    this.#template = pathTemplate;
    this.#keepDays = keepDays;
    this.#nowMs = nowMs;
    this.#roll();
  }

  get path(): string | null {
    return this.#path;
  }

  get why(): string | null {
    return this.#why;
  }

  append(text: string): void {
    if (this.#closed) return;
    if (this.#waitingChars + text.length > BACKLOG_MAX_CHARS) {
      this.#leftOut += 1;
      return;
    }
    this.#waiting.push(text);
    this.#waitingChars += text.length;
    this.#timer ??= setTimeout(() => this.#flush(), BATCH_MS).unref();
  }

  #flush(): void {
    this.#timer = null;
    if (this.#writing) return;
    this.#roll();
    if (this.#fd === null) {
      this.#leftOut += this.#waiting.length;
      this.#clear();
      return;
    }
    const batch = this.#take();
    this.#writing = true;
    const bytes = Buffer.from(batch);
    write(this.#fd, bytes, 0, bytes.length, null, (error, written) => {
      this.#writing = false;
      // A short write (the disk is full) loses the rest of its batch, not the log.
      if (error !== null || written < bytes.length) this.#leftOut += 1;
      if (this.#closed) this.#release();
      else if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#flush(), BATCH_MS).unref();
    });
  }

  #take(): string {
    const gap = `${this.#leftOut} lines or more are missing here`;
    const batch =
      (this.#leftOut === 0 ? '' : `${this.#format(new Date(), 'warn', ROOT_COMPONENT, gap)}\n`) +
      this.#waiting.join('');
    this.#leftOut = 0;
    this.#clear();
    return batch;
  }

  #clear(): void {
    this.#waiting = [];
    this.#waitingChars = 0;
  }

  /** Opens the file of today, if it isn't open, and drops the ones that are too old. */
  #roll(): void {
    const day = Math.floor(this.#nowMs() / DAY_MS);
    if (day === this.#day && this.#fd !== null) return;
    this.#release();
    const { directory, stem, extension } = parts(this.#template);
    const path = join(directory, `${stem}.${new Date(day * DAY_MS).toISOString().slice(0, 10)}${extension}`);
    try {
      makeDirectory(directory, 0o750);
      this.#fd = openSync(path, 'a', 0o640);
      this.#path = path;
      this.#why = null;
      this.#day = day;
    } catch (error) {
      this.#why = String(error);
      return;
    }
    this.#prune(directory, stem, extension);
  }

  #prune(directory: string, stem: string, extension: string): void {
    const dated = dailyFiles(this.#template).filter((name) =>
      /^\d{4}-\d{2}-\d{2}$/.test(name.slice(stem.length + 1, name.length - extension.length)),
    );
    for (const name of dated.slice(0, -this.#keepDays)) {
      try {
        rmSync(join(directory, name));
      } catch {
        // Held open by a viewer (Windows): the next rotation tries again.
      }
    }
  }

  #release(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    this.#path = null;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const rest = this.#take();
    if (this.#fd === null) return;
    try {
      if (rest !== '') writeSync(this.#fd, rest);
    } catch {
      // Nobody is left to tell.
    }
    // With a write under way its callback lets go of the file.
    if (!this.#writing) this.#release();
  }
}
