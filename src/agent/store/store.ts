/**
 * The store as the rest of the agent sees it. Only this folder knows SQLite.
 */
import type { Database } from 'better-sqlite3';
import type { Clock } from '../base/clock.ts';
import { drop } from '../base/drop.ts';
import { errorText, type LogFields, type Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import { Timeline } from '../base/timeline.ts';
import { type Watched, WatchedCell } from '../base/watched.ts';
import { Audit } from './audit.ts';
import { Completions } from './completions.ts';
import { Counters } from './counters.ts';
import { Enrolment } from './enrolment.ts';
import { GroupCommit } from './group-commit.ts';
import { History } from './history.ts';
import { Inbox } from './inbox.ts';
import { type DiskRoom, Keeper, type Retention } from './keeper.ts';
import { Kills } from './kills.ts';
import { LastContact } from './last-contact.ts';
import { Mirror } from './mirror.ts';
import { markClosed, openMemory, settleOldCopy } from './open.ts';
import { Outbox } from './outbox.ts';
import { Runs } from './runs.ts';
import { isFull, isUnwritable } from './sqlite-errors.ts';
import { Versions } from './versions.ts';
import { Waits } from './waits.ts';
import { checkWhole } from './whole-check.ts';

/** `ok`: admits. `full`, `read_only`: the last write failed so. `future`, `damaged`: this start has no usable file. */
export type StoreState = 'ok' | 'full' | 'read_only' | 'future';

/** `ok` false: nothing is admitted until there is more room. */
export interface StoreRoom extends DiskRoom {
  readonly ok: boolean;
}

export interface StoreOptions {
  readonly directory: string;
  readonly retention: Retention;
  /** The file that was found was damaged, and this is a new one. */
  readonly quarantined?: boolean;
  /** It was opened, and there is no room to write: see `OpenNotes.full`. */
  readonly full?: boolean;
  /** The start of the system, see `os/boot-id.ts`. */
  readonly boot?: string | null;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How soon a disk that is full, or has room again, is noticed. */
const PROBE_INTERVAL_MS = 2_000;
/** In rounds of the above: half a minute, an hour. */
const KEEP_EVERY = 15;
const PRUNE_EVERY = 1_800;
const CHECK_AFTER_UNCLEAN_MS = 60_000;
const CHECK_WITHIN_MS = 3_600_000;

export interface StartOptions {
  /** The process before did not close the store: its file is checked soon. */
  readonly unclean?: boolean;
  /** The broker's clock, ms since the epoch; null: not known. */
  readonly serverNowMs: () => number | null;
}

export class Store {
  readonly timeline: Timeline;
  readonly runs: Runs;
  readonly inbox: Inbox;
  readonly waits: Waits;
  readonly kills: Kills;
  readonly enrolment: Enrolment;
  readonly lastContact: LastContact;
  readonly outbox: Outbox;
  readonly mirror: Mirror;
  readonly counters: Counters;
  readonly history: History;
  readonly audit: Audit;
  readonly completions: Completions;
  readonly versions: Versions;
  readonly keeper: Keeper;
  readonly quarantined: boolean;
  readonly #db: Database;
  readonly #group: GroupCommit;
  readonly #state: WatchedCell<StoreState>;
  readonly #room: WatchedCell<StoreRoom>;
  readonly #commits = new WatchedCell(0);
  readonly #usable: boolean;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  readonly #directory: string;
  readonly #checking = new AbortController();
  #rounds = 0;
  #keeping = false;

  /** `db` comes from {@link openStore}; `fault` says that there is no usable file and `db` is a stand-in in memory. */
  constructor(db: Database, options: StoreOptions, fault?: Exclude<StoreState, 'ok'>) {
    this.#db = db;
    this.#directory = options.directory;
    this.#log = options.log;
    this.quarantined = options.quarantined ?? false;
    this.#usable = fault === undefined;
    this.#state = new WatchedCell<StoreState>(fault ?? (options.full ? 'full' : 'ok'));
    this.timeline = new Timeline(options.clock, options.boot ?? null);
    this.#group = new GroupCommit(db, {
      onError: (error) => this.#onError(error),
      onCommit: () => this.#commits.set(this.#commits.value + 1),
    });
    this.kills = new Kills(db, this.#group);
    this.waits = new Waits(db, this.#group, this.timeline);
    this.runs = new Runs(db, this.#group, this.kills, this.waits);
    this.inbox = new Inbox(db, this.#group);
    this.enrolment = new Enrolment(db, this.#group, this.#usable);
    this.lastContact = new LastContact(db, this.#group, this.timeline);
    this.outbox = new Outbox(db, this.#group);
    this.mirror = new Mirror(db, this.#group);
    this.counters = new Counters(db);
    this.history = new History(db);
    this.audit = new Audit(db, this.#group);
    this.completions = new Completions(db, this.#group);
    this.versions = new Versions(db, this.#group);
    this.keeper = new Keeper({ db, group: this.#group, kills: this.kills, ...options });
    this.#room = new WatchedCell(this.#lookAtRoom());
    this.#state.watch(() => this.#room.set(this.#lookAtRoom()));
  }

  /** A store that reads as empty and admits nothing: the agent stays up and says why (issue of a damaged or locked disk). */
  static unusable(options: StoreOptions, fault: Exclude<StoreState, 'ok'>): Store {
    return new Store(openMemory(), options, fault);
  }

  get state(): Watched<StoreState> {
    return this.#state;
  }

  /** Of now while there is too little; with room enough nobody asks how much it is, and it is that of the last change. */
  get room(): Watched<StoreRoom> {
    return this.#room;
  }

  /** Counts commits; whoever shows what is stored looks again when it changes. */
  get commits(): Watched<number> {
    return this.#commits;
  }

  /** False: nothing may be admitted, so nothing may be acknowledged (invariant 1). */
  get admits(): boolean {
    return this.#usable && this.#state.value === 'ok';
  }

  /** False: there is no usable file, and this is an empty stand-in. */
  get isUsable(): boolean {
    return this.#usable;
  }

  /** False once it was closed. */
  get isOpen(): boolean {
    return this.#db.open;
  }

  /** Starts the regular upkeep, and a check of the whole file: soon after an unclean stop, else within the hour. */
  start({ unclean = false, serverNowMs }: StartOptions): void {
    if (!this.#usable) {
      this.#timer = setInterval(() => this.#followRoom(), PROBE_INTERVAL_MS).unref();
      return;
    }
    const inMs = unclean ? CHECK_AFTER_UNCLEAN_MS : CHECK_WITHIN_MS * (0.5 + Math.random() / 2);
    drop(this.#checkWhole(inMs), this.#log, 'checking the whole store');
    this.#timer = setInterval(() => void this.#keep(serverNowMs), PROBE_INTERVAL_MS);
    this.#timer.unref();
    // The room on the disk decides what is admitted; the rest of the upkeep can wait until the fleet has seen us.
    void this.#keep(serverNowMs);
  }

  /** Looks whether there is room, and whether what made the store unwritable is gone. Said once at each change. */
  async probe(): Promise<void> {
    if (!this.#usable) return;
    try {
      await this.#probe();
    } finally {
      this.#followRoom();
    }
  }

  async #probe(): Promise<void> {
    if (!this.keeper.hasRoom()) {
      this.#becomes('full', { free_bytes: this.keeper.freeBytes() });
      await this.keeper.makeRoom().catch((error: unknown) => {
        this.#log.debug('no room could be made', { error: errorText(error) });
      });
      if (!this.keeper.hasRoom()) return;
    }
    if (this.#state.value === 'ok') return;
    try {
      await this.#group.submit(() => {
        this.#db.prepare(`INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', datetime('now'))`).run();
      });
    } catch {
      // #onError has noted the state; the next round looks again.
      return;
    }
    this.#log.info('the store can be written again');
    this.#state.set('ok');
  }

  /** Everything that was open in an older copy has been ended: from here on this store is the newest. */
  settleOldCopy(): Promise<void> {
    return this.#group.submit(() => settleOldCopy(this.#db));
  }

  #lookAtRoom(): StoreRoom {
    return { ok: this.#state.value !== 'full', ...this.keeper.room() };
  }

  #followRoom(): void {
    if (this.#state.value !== 'full') return;
    const [was, is] = [this.#room.value, this.#lookAtRoom()];
    if (is.freeBytes !== was.freeBytes || is.neededBytes !== was.neededBytes) this.#room.set(is);
  }

  async #checkWhole(inMs: number): Promise<void> {
    const { signal } = this.#checking;
    try {
      await sleep(inMs, signal);
      const idle = () => this.inbox.open(1).length === 0;
      await checkWhole({ db: this.#db, directory: this.#directory, idle, log: this.#log }, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #keep(serverNowMs: () => number | null): Promise<void> {
    if (this.#keeping) return;
    this.#keeping = true;
    const round = this.#rounds++;
    try {
      await this.probe();
      if (this.#state.value !== 'ok' || round % KEEP_EVERY !== 0) return;
      await this.keeper.keepReserve();
      await this.counters.save(this.#group);
      if (round % PRUNE_EVERY === 0) await this.keeper.prune(serverNowMs());
      this.keeper.checkpoint();
    } catch (error) {
      if (!this.#checking.signal.aborted) this.#log.warn('upkeep of the store failed', { error: errorText(error) });
    } finally {
      this.#keeping = false;
    }
  }

  #onError(error: unknown): void {
    const state = isFull(error) ? 'full' : isUnwritable(error) ? 'read_only' : null;
    if (state === null) {
      this.#log.error('a write to the store failed', { error: errorText(error) });
      return;
    }
    if (state === 'full') this.keeper.releaseReserve();
    this.#becomes(state, { error: errorText(error) });
  }

  #becomes(state: 'full' | 'read_only', fields: LogFields): void {
    if (this.#state.value === state) return;
    this.#log.error('the store can not be written', { state, ...fields });
    this.#state.set(state);
  }

  /** Commits what is queued and lets go of the file. A second call does nothing. */
  async close(): Promise<void> {
    if (!this.#db.open) return;
    clearInterval(this.#timer);
    this.#checking.abort(new Error('the store is closed'));
    if (this.admits) await this.counters.save(this.#group).catch(() => {});
    this.#group.close();
    if (this.admits) markClosed(this.#db);
    this.#db.close();
  }
}
