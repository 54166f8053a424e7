/** What is done about the store regularly: checks for room, pruning, checkpoints, and one check of the whole file. */
import type { Database } from 'better-sqlite3';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import type { Counters } from './counters.ts';
import type { GroupCommit } from './group-commit.ts';
import { checkIntegrity } from './integrity-check.ts';
import type { StoreMaintenance } from './maintenance.ts';
import type { ServerTime } from './server-time.ts';

/** How soon a disk that has room again is noticed. */
const PROBE_INTERVAL_MS = 2_000;
/** And how soon that room runs short; who writes before finds it out by itself. Each poll wakes a PC that has nothing to do. */
const PROBE_WHILE_ROOM_MS = 4_000;
/** In rounds of the above: half a minute, an hour. */
const KEEP_EVERY = 8;
const PRUNE_EVERY = 113 * KEEP_EVERY;
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
  readonly commits: () => number;
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
  #rounds = 0;
  #checkpointedAt = 0;
  #keeping = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start({ unclean = false, serverNowMs }: StartOptions): void {
    const { usable, log, followRoom } = this.#options;
    if (!usable) {
      this.#timer = setInterval(followRoom, PROBE_INTERVAL_MS).unref();
      return;
    }
    const inMs = unclean ? CHECK_AFTER_UNCLEAN_MS : CHECK_WITHIN_MS * (0.5 + Math.random() / 2);
    drop(this.#checkIntegrity(inMs), log, 'checking the whole store');
    // The room on the disk decides what is admitted; the rest of the upkeep can wait until the fleet has seen us.
    void this.#keep(serverNowMs);
    this.#keepAgain(serverNowMs);
  }

  #keepAgain(serverNowMs: () => number | null): void {
    const again = () => {
      void this.#keep(serverNowMs);
      this.#keepAgain(serverNowMs);
    };
    this.#timer = setTimeout(again, this.#options.isWritable() ? PROBE_WHILE_ROOM_MS : PROBE_INTERVAL_MS).unref();
  }

  close(): void {
    // Either kind of timer.
    clearTimeout(this.#timer);
    this.#closing.abort(new Error('the store is closed'));
  }

  #checkpoint(): void {
    const { maintenance, commits } = this.#options;
    const now = commits();
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

  async #keep(serverNowMs: () => number | null): Promise<void> {
    if (this.#keeping) return;
    this.#keeping = true;
    const { isWritable, probe, maintenance, counters, group, serverTime, log } = this.#options;
    const round = this.#rounds++;
    try {
      await probe();
      // Not the first: the fleet is to see us before.
      if (!isWritable() || round % KEEP_EVERY !== 1) return;
      await maintenance.keepReserve();
      await counters.save(group);
      if (round % PRUNE_EVERY === 1) await maintenance.prune(await serverTime.confirmed(serverNowMs()));
      this.#checkpoint();
    } catch (error) {
      if (!this.#closing.signal.aborted) log.warn('upkeep of the store failed', { error: errorText(error) });
    } finally {
      this.#keeping = false;
    }
  }
}
