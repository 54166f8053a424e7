/**
 * The log file of today. Invariant: it never holds up its writer, and its memory is bounded. Lines are written in batches off the
 * event loop's thread; while the file can't be written they wait, and where they become too many the gap is named.
 *
 * A plain append instead of electron-log's file transport: that one writes each line synchronously or queues without a
 * bound, knows no days to keep, and costs 9 ms and 3 MB at a start that has 150 ms and 80 MB in all.
 */
import { constants, writeSync } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectoryAsync } from '../shared/make-directory.ts';
import { ANSWER_WITHIN_MS } from './answers.ts';
import { dayOf } from './log-limits.ts';
import { dailyFile, dailyFiles } from './log-names.ts';
import { errorText } from './logger.ts';
import { type Watched, WatchedCell } from './watched.ts';

/** Characters that may wait for a slow disk. */
const BACKLOG_MAX_CHARS = 1024 * 1024;
const BATCH_MS = 20;
const RETRY_MS = 1_000;
/** How often it is checked whether the file is still the one in the directory. */
const POLL_EVERY_MS = 2_000;
/** Users have no business in it; a group such as Debian's `adm` may be let in by IT. */
const DIRECTORY_MODE = 0o750;
const FILE_MODE = 0o640;
/** As 'a', but through no link: whoever may write in the directory must not choose what we write to. */
const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);

/** Why the log is not in its file at present. */
export interface LogFailure {
  readonly path: string;
  readonly why: string;
}

export interface DailyFileOptions {
  readonly pathTemplate: string;
  readonly keepDays: number;
  readonly nowMs: () => number;
  /** The line that names a gap. */
  readonly gapLine: (lines: number) => string;
  /** The file of today was opened and held so much. */
  readonly onOpened: (bytes: number) => void;
  readonly answerWithinMs?: number | undefined;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly day: number;
  readonly id: string;
}

export class DailyFile {
  readonly #options: DailyFileOptions;
  readonly #failure = new WatchedCell<LogFailure | null>(null);
  #open: OpenFile | null = null;
  #lookedAtMs = 0;
  #waiting: string[] = [];
  #waitingChars = 0;
  #leftOut = 0;
  #busy = false;
  /** A call into the file system has not come back within its time. */
  #silent = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Resolves when the file was opened, or could not be. It may take for ever. */
  readonly ready: Promise<void>;

  constructor(options: DailyFileOptions) {
    this.#options = options;
    this.ready = this.#flush();
  }

  /** null: it can't be written at present. */
  get path(): string | null {
    return this.#open?.path ?? null;
  }

  get failure(): Watched<LogFailure | null> {
    return this.#failure;
  }

  append(text: string): void {
    if (this.#closed) return;
    if (this.#waitingChars + text.length > BACKLOG_MAX_CHARS) {
      this.#leftOut += 1;
      return;
    }
    this.#waiting.push(text);
    this.#waitingChars += text.length;
    this.#schedule(BATCH_MS);
  }

  #schedule(ms: number): void {
    if (this.#busy || this.#closed) return;
    this.#timer ??= setTimeout(() => void this.#flush(), ms).unref();
  }

  /** Never rejects. */
  async #flush(): Promise<void> {
    this.#timer = undefined;
    this.#busy = true;
    const nowMs = this.#options.nowMs();
    const path = dailyFile(this.#options.pathTemplate, nowMs);
    const late = setTimeout(() => {
      this.#silent = true;
      this.#failure.set({ path, why: 'it does not answer' });
    }, this.#options.answerWithinMs ?? ANSWER_WITHIN_MS).unref();
    try {
      const file = await this.#today(path, dayOf(nowMs));
      await this.#write(file);
      this.#failure.set(null);
    } catch (error) {
      await this.#release();
      this.#fail(path, error);
    }
    clearTimeout(late);
    this.#silent = false;
    this.#busy = false;
    if (this.#closed) await this.#release();
    else if (this.#waiting.length > 0) this.#schedule(this.#open === null ? RETRY_MS : BATCH_MS);
  }

  #fail(path: string, error: unknown): void {
    const why = errorText(error);
    const known = this.#failure.value;
    if (known?.path !== path || known.why !== why) this.#failure.set({ path, why });
  }

  async #write({ handle }: OpenFile): Promise<void> {
    if (this.#waiting.length === 0 || this.#closed) return;
    const bytes = Buffer.from(this.#take());
    // What a full disk did not take is lost, not the log.
    const lost = () => {
      this.#leftOut += 1;
    };
    const { bytesWritten } = await handle.write(bytes).catch((error: unknown) => {
      lost();
      throw error;
    });
    if (bytesWritten < bytes.length) lost();
  }

  #take(): string {
    const batch = (this.#leftOut === 0 ? '' : this.#options.gapLine(this.#leftOut)) + this.#waiting.join('');
    this.#leftOut = 0;
    this.#waiting = [];
    this.#waitingChars = 0;
    return batch;
  }

  /** The file of today; opened again on a new day, and where somebody has removed or moved it. */
  async #today(path: string, day: number): Promise<OpenFile> {
    if (this.#open !== null && this.#open.day === day && (await this.#isThere(this.#open))) return this.#open;
    await makeDirectoryAsync(dirname(path), DIRECTORY_MODE);
    const handle = await open(path, APPEND, FILE_MODE);
    const stats = await handle.stat();
    await this.#release();
    this.#open = { handle, path, day, id: idOf(stats) };
    this.#lookedAtMs = performance.now();
    this.#options.onOpened(stats.size);
    await this.#prune();
    return this.#open;
  }

  async #isThere({ path, id }: OpenFile): Promise<boolean> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < POLL_EVERY_MS) return true;
    this.#lookedAtMs = nowMs;
    try {
      return idOf(await stat(path)) === id;
    } catch {
      return false;
    }
  }

  async #prune(): Promise<void> {
    const { pathTemplate, keepDays, nowMs } = this.#options;
    const files = await dailyFiles(pathTemplate, nowMs()).catch(() => []);
    // Held open by a viewer (Windows): the next day tries again.
    for (const file of files.slice(0, -keepDays)) await rm(file).catch(() => {});
  }

  async #release(): Promise<void> {
    const file = this.#open;
    this.#open = null;
    await file?.handle.close().catch(() => {});
  }

  /** Writes what waits, at once, unless that could hang. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const rest = this.#take();
    if (this.#open === null || this.#silent) return;
    try {
      if (rest !== '') writeSync(this.#open.handle.fd, rest);
    } catch {
      // Nobody is left to tell.
    }
    if (!this.#busy) void this.#release();
  }
}

function idOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}
