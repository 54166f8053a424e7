/** What is done about the store regularly: checks for room, pruning, checkpoints, and one check of the whole file. */
import type { Database } from 'better-sqlite3';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import type { Watched } from '../../base/watched.ts';
import type { Counters } from './counters.ts';
import type { GroupCommit } from './group-commit.ts';
import { checkIntegrity } from './integrity-check.ts';
import type { StoreMaintenance } from './maintenance.ts';
import type { ServerTime } from './server-time.ts';
import type { StoreState } from './writability.ts';

/** How soon a disk that has room again is noticed. */
const PROBE_INTERVAL_MS = 2_000;
/** And how soon that room runs short; who writes before finds it out by itself. */
const PROBE_WHILE_ROOM_MS = 4_000;
/** The same where nothing was written since the last time and so much is free. Each poll wakes a PC that has nothing to do. */
const PROBE_WHILE_QUIET_MS = 16_000;
const PLENTY_BYTES = 1024 ** 3;
const KEEP_EVERY_MS = 30_000;
const PRUNE_EVERY_MS = 3_600_000;
/** A checkpoint waits for the disk three times: what a PC with nothing to do writes of its link is not worth one each time. */
const CHECKPOINT_COMMITS = 8;
const CHECK_AFTER_UNCLEAN_MS = 60_000;
const CHECK_WITHIN_MS = 3_600_000;

export interface StartOptions {
  /** The process before did not close the store: its file is checked soon. */
  readonly unclean?: boolean;
  /** The broker's clock, ms since the epoch; null: not known. */
  readonly serverNowMs: () => number | null;
}

export interface UpkeepOptions {
  readonly db: Database;
  readonly group: GroupCommit;
  readonly maintenance: StoreMaintenance;
  readonly counters: Counters;
  readonly serverTime: ServerTime;
  readonly log: Logger;
  /** There is a file; else only the room on the disk is followed. */
  readonly usable: boolean;
  readonly isWritable: () => boolean;
  readonly probe: () => Promise<void>;
  /** So many commits were there so far. */
  readonly commits: Watched<number>;
  readonly state: Watched<StoreState>;
  readonly followRoom: () => void;
  /** Nothing is open. */
  readonly idle: () => boolean;
  /** See `DamageWatch.read`. */
  readonly read: <T>(what: string, read: () => T) => T;
  readonly onDamage: (what: string) => void;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isQuiet = false;
  #keptAtMs = Number.NEGATIVE_INFINITY;
  #prunedAtMs = Number.NEGATIVE_INFINITY;
  #commitsSeen = 0;
  #serverNowMs: () => number | null = () => null;
  #checkpointedAt = 0;
  #keeping = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start({ unclean = false, serverNowMs }: StartOptions): void {
    const { usable, log, followRoom, probe, commits, state } = this.#options;
    if (!usable) {
      this.#timer = setInterval(followRoom, PROBE_INTERVAL_MS).unref();
      return;
    }
    const inMs = unclean ? CHECK_AFTER_UNCLEAN_MS : CHECK_WITHIN_MS * (0.5 + Math.random() / 2);
    drop(this.#checkIntegrity(inMs), log, 'checking the whole store');
    // The room on the disk decides what is admitted; the rest of the upkeep can wait until the fleet has seen us.
    this.#serverNowMs = serverNowMs;
    for (const watched of [commits, state]) watched.watch(() => this.#written());
    void this.#once(probe);
    this.#keepAgain();
  }

  /** Something was written, or could not be: the next probe is not put off any more. */
  #written(): void {
    if (!this.#isQuiet || this.#closing.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#keepAgain();
  }

  #keepAgain(): void {
    const pauseMs = this.#pauseMs();
    this.#isQuiet = pauseMs === PROBE_WHILE_QUIET_MS;
    const again = () => {
      void this.#keep();
      this.#keepAgain();
    };
    this.#timer = setTimeout(again, pauseMs).unref();
  }

  #pauseMs(): number {
    const { isWritable, commits, maintenance } = this.#options;
    if (!isWritable()) return PROBE_INTERVAL_MS;
    const before = this.#commitsSeen;
    this.#commitsSeen = commits.value;
    const isQuiet = this.#commitsSeen === before && (maintenance.freeBytes() ?? 0) >= PLENTY_BYTES;
    return isQuiet ? PROBE_WHILE_QUIET_MS : PROBE_WHILE_ROOM_MS;
  }

  close(): void {
    // Either kind of timer.
    clearTimeout(this.#timer);
    this.#closing.abort(new Error('the store is closed'));
  }

  #checkpoint(): void {
    const { maintenance, commits } = this.#options;
    const now = commits.value;
    if (now - this.#checkpointedAt < CHECKPOINT_COMMITS) return;
    maintenance.checkpoint();
    this.#checkpointedAt = now;
  }

  async #checkIntegrity(inMs: number): Promise<void> {
    const { db, idle, read, onDamage } = this.#options;
    const { signal } = this.#closing;
    try {
      await sleep(inMs, signal);
      const what = await checkIntegrity({ db, idle, read }, signal);
      if (what !== null) onDamage(what);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #keep(): Promise<void> {
    const { isWritable, maintenance, counters, group, serverTime } = this.#options;
    await this.#once(async () => {
      await this.#options.probe();
      const nowMs = performance.now();
      if (!isWritable() || nowMs - this.#keptAtMs < KEEP_EVERY_MS) return;
      this.#keptAtMs = nowMs;
      await maintenance.keepReserve();
      await counters.save(group);
      if (nowMs - this.#prunedAtMs >= PRUNE_EVERY_MS) {
        this.#prunedAtMs = nowMs;
        await maintenance.prune(await serverTime.confirmed(this.#serverNowMs()));
      }
      this.#checkpoint();
    });
  }

  /** Never rejects; one at a time. */
  async #once(work: () => Promise<void>): Promise<void> {
    if (this.#keeping) return;
    this.#keeping = true;
    try {
      await work();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#options.log.warn('upkeep of the store failed', { error: errorText(error) });
    } finally {
      this.#keeping = false;
    }
  }
}
