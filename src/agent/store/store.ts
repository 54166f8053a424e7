/**
 * The store as the rest of the agent sees it. Only this folder knows SQLite.
 */
import type { Database } from 'better-sqlite3';
import type { Clock } from '../../base/clock.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { Timeline } from '../../base/timeline.ts';
import { type Watched, WatchedCell } from '../../base/watched.ts';
import { noteDamage } from './aside.ts';
import { Audit } from './audit.ts';
import { Completions } from './completions.ts';
import { copyDatabase } from './copy.ts';
import { Counters } from './counters.ts';
import { DamageWatch, type Rereads } from './damage.ts';
import { Enrolment } from './enrolment.ts';
import { Failures } from './failures.ts';
import { GroupCommit } from './group-commit.ts';
import { History } from './history.ts';
import { Imported } from './imported.ts';
import { Inbox } from './inbox.ts';
import { Kills } from './kills.ts';
import { KvCache } from './kv-cache.ts';
import { LastContact } from './last-contact.ts';
import { LinkStates } from './link-states.ts';
import { type Retention, StoreMaintenance } from './maintenance.ts';
import { markClosed, markOlderCopy, olderCopyUpTo, openMemory, settleOldCopy } from './open.ts';
import { Outbox } from './outbox.ts';
import { quickCheck } from './quick-check.ts';
import { Runs } from './runs.ts';
import { ScheduleRuns } from './schedule-runs.ts';
import { SeenUpdates } from './seen-updates.ts';
import { ServerTime } from './server-time.ts';
import { isCorrupt } from './sqlite-errors.ts';
import { systemStart } from './system-start.ts';
import { UpdateNotes } from './update-notes.ts';
import { type StartOptions, Upkeep } from './upkeep.ts';
import { Versions } from './versions.ts';
import { Waits } from './waits.ts';
import { type StoreRoom, type StoreState, Writability } from './writability.ts';

export interface StoreOptions {
  readonly directory: string;
  readonly retention: Retention;
  /** The file that was found was damaged, and this is a new one. */
  readonly quarantined?: boolean;
  /** It was opened, and there is no room to write: see `OpenNotes.full`. */
  readonly full?: boolean;
  /** The start of the system, see `platform/boot-id.ts`. */
  readonly boot?: string | null;
  /** Of what could not be read; in place of the usual ones. */
  readonly rereads?: Rereads;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Store {
  readonly timeline: Timeline;
  readonly runs: Runs;
  readonly inbox: Inbox;
  readonly waits: Waits;
  readonly kills: Kills;
  readonly enrolment: Enrolment;
  readonly lastContact: LastContact;
  readonly linkStates: LinkStates;
  readonly outbox: Outbox;
  readonly kvCache: KvCache;
  readonly counters: Counters;
  readonly history: History;
  readonly failures: Failures;
  readonly audit: Audit;
  readonly completions: Completions;
  readonly scheduleRuns: ScheduleRuns;
  readonly versions: Versions;
  readonly imported: Imported;
  readonly seenUpdates: SeenUpdates;
  readonly updateNotes: UpdateNotes;
  readonly maintenance: StoreMaintenance;
  readonly quarantined: boolean;
  /** The newest run that it held when it was opened; 0: none. Read with the opening, as nothing can begin without it. */
  readonly foundRun: number;
  readonly #db: Database;
  readonly #group: GroupCommit;
  readonly #state: WatchedCell<StoreState>;
  readonly #writability: Writability;
  readonly #damage = new WatchedCell<string | null>(null);
  readonly #commits = new WatchedCell(0);
  readonly #usable: boolean;
  readonly #log: Logger;
  readonly #directory: string;
  readonly #upkeep: Upkeep;
  readonly #watch: DamageWatch;
  readonly #systemStart: () => string;
  #startedAs: string | null = null;
  #damagedBy: string | null = null;

  /** `db` comes from {@link openStore}; `unusable` says that there is no usable file, and `db` is a stand-in in memory. */
  constructor(db: Database, options: StoreOptions, unusable?: Exclude<StoreState, 'ok'>) {
    this.#db = db;
    this.#directory = options.directory;
    this.#log = options.log;
    this.quarantined = options.quarantined ?? false;
    this.#usable = unusable === undefined;
    this.#state = new WatchedCell<StoreState>(unusable ?? (options.full ? 'full' : 'ok'));
    this.#watch = new DamageWatch(db, (what) => this.damaged(what), options.rereads);
    this.timeline = new Timeline(options.clock, options.boot ?? null);
    this.#group = new GroupCommit(db, {
      onError: (error) => this.#writability.failed(error),
      onCommit: () => this.#commits.set(this.#commits.value + 1),
      log: this.#log,
    });
    this.kills = new Kills(db, this.#group);
    this.waits = new Waits(db, this.#group, this.timeline);
    this.completions = new Completions(db, this.#group);
    this.scheduleRuns = new ScheduleRuns(db, this.#group);
    this.#systemStart = () => systemStart(db, this.#group, options.clock, options.boot ?? null);
    this.runs = new Runs(db, this.#group, this);
    this.inbox = new Inbox(db, this.#group);
    this.foundRun = this.inbox.newestRun();
    this.enrolment = new Enrolment(db, this.#group, this.#usable);
    this.lastContact = new LastContact(db, this.#group, this.timeline);
    this.linkStates = new LinkStates(db, this.#group);
    this.outbox = new Outbox(db, this.#group);
    this.kvCache = new KvCache(db, this.#group);
    this.counters = new Counters(db);
    this.history = new History(db);
    this.failures = new Failures(db);
    this.audit = new Audit(db, this.#group);
    this.imported = new Imported(db, this.#group);
    this.versions = new Versions(db, this.#group);
    this.seenUpdates = new SeenUpdates(db, this.#group);
    this.updateNotes = new UpdateNotes(db, this.#group);
    this.maintenance = new StoreMaintenance({ db, group: this.#group, kills: this.kills, ...options });
    this.#writability = new Writability({
      db,
      group: this.#group,
      maintenance: this.maintenance,
      state: this.#state,
      isWritable: () => this.isWritable,
      log: this.#log,
    });
    this.#upkeep = new Upkeep({
      db,
      group: this.#group,
      maintenance: this.maintenance,
      counters: this.counters,
      serverTime: new ServerTime(db, this.#group, this.timeline),
      log: this.#log,
      usable: this.#usable,
      isWritable: () => this.isWritable,
      probe: () => this.probe(),
      commits: this.#commits,
      state: this.#state,
      followRoom: () => this.#writability.followRoom(),
      idle: () => this.inbox.open(1).length === 0,
      read: (what, read) => this.#watch.read(what, read),
      onDamage: (what) => this.damaged(what),
    });
  }

  /** A store that reads as empty and admits nothing: the agent stays up and says why. */
  static unusable(options: StoreOptions, as: Exclude<StoreState, 'ok'>): Store {
    return new Store(openMemory(), options, as);
  }

  get state(): Watched<StoreState> {
    return this.#state;
  }

  /** As {@link Writability.room}. */
  get room(): Watched<StoreRoom> {
    return this.#writability.room;
  }

  /**
   * What is damaged in the file, once it is noted: the next opening sets it aside and goes on with what it tells, so whoever opened
   * it is to open it again. null: nothing is known to be.
   */
  get damage(): Watched<string | null> {
    return this.#damage;
  }

  /** Counts commits; whoever shows what is stored reads again when it changes. */
  get commits(): Watched<number> {
    return this.#commits;
  }

  /** False: nothing may be admitted, so nothing may be acknowledged (invariant 1). */
  get admits(): boolean {
    return this.#usable && this.#state.value === 'ok' && this.#damagedBy === null;
  }

  /** Also where it admits nothing, since too much waits. */
  get isWritable(): boolean {
    return this.#usable && ['ok', 'queue_full'].includes(this.#state.value) && this.#damagedBy === null;
  }

  /** False: there is no usable file, and this is an empty stand-in. */
  get isUsable(): boolean {
    return this.#usable;
  }

  /** Names this start of the system. Read, and noted, when it is first asked for. */
  get systemStart(): string {
    this.#startedAs ??= this.#systemStart();
    return this.#startedAs;
  }

  /** False once it was closed. */
  get isOpen(): boolean {
    return this.#db.open;
  }

  /** Starts the regular upkeep, and a check of the whole file: soon after an unclean stop, else within the hour. */
  start(options: StartOptions): void {
    this.#upkeep.start(options);
  }

  /**
   * Before the first command: false where what tells whether a command was seen is damaged, see {@link damage}. Throws where that
   * can't be read at present. Takes 50 ms for 100,000 commands.
   */
  knowsWhatItHasSeen(): boolean {
    if (this.#damagedBy !== null) return false;
    try {
      this.#watch.read('ledger', () => quickCheck(this.#db, 'ledger'));
      return true;
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      return false;
    }
  }

  /** Checks whether there is room, and whether what made the store unwritable is gone. Said once at each change. */
  async probe(): Promise<void> {
    if (!this.#usable) return;
    try {
      if (this.#damagedBy !== null) this.damaged(this.#damagedBy);
      else await this.#writability.probe();
    } finally {
      this.#writability.followRoom();
    }
  }

  /** The file turned out to be damaged. Every statement of this store says so by itself. */
  damaged(what: string): void {
    if (!this.#usable || this.#damage.value !== null) return;
    if (this.#damagedBy === null) {
      this.#damagedBy = what;
      this.#log.error('the store is damaged; it is set aside, and a new one begun', { what: this.#damagedBy });
      this.#state.set('read_only');
    }
    if (noteDamage(this.#directory, this.#damagedBy)) this.#damage.set(this.#damagedBy);
  }

  /** Up to which run this store is known to be an older copy, so that nothing of it that is open may run; null: it is not. */
  get olderCopyUpTo(): number | null {
    return olderCopyUpTo(this.#db);
  }

  /** It is one, up to this run. Kept until {@link settleOldCopy}. */
  markOlderCopy(upTo: number): Promise<void> {
    return this.#group.submit(() => markOlderCopy(this.#db, upTo));
  }

  /** Everything that was open in an older copy up to this run has been ended: from here on this store is the newest. */
  settleOldCopy(upTo: number): Promise<void> {
    return this.#group.submit(() => settleOldCopy(this.#db, this.#directory, upTo));
  }

  /** How large a copy of it would be. */
  get sizeBytes(): number {
    return (
      Number(this.#db.pragma('page_count', { simple: true })) * Number(this.#db.pragma('page_size', { simple: true }))
    );
  }

  /** Into a file that is not there yet. Everybody else has their turn meanwhile. Rejects with the signal's reason. */
  copyTo(file: string, signal: AbortSignal): Promise<void> {
    return copyDatabase(this.#db, file, { signal });
  }

  /** Commits what is queued and lets go of the file. A second call does nothing. */
  async close(): Promise<void> {
    if (!this.#db.open) return;
    this.#upkeep.close();
    this.#watch.close();
    if (this.isWritable) await this.counters.save(this.#group).catch(() => {});
    this.#group.close();
    try {
      if (this.isWritable) markClosed(this.#db);
    } catch (error) {
      // For want of room: the next start checks it as after a crash.
      this.#log.warn('the end of the store could not be noted', { error: errorText(error) });
    }
    this.#db.close();
  }
}
