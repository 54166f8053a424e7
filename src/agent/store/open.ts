/**
 * Opens the store: exactly one process holds it (`locking_mode=EXCLUSIVE`, freed by the operating system on death), a
 * file from the future is not touched, a damaged one is moved aside and a new one begun (architecture §6).
 */
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { atEnd } from '../../base/at-end.ts';
import { errorText, type Logger, silentLogger } from '../../base/logger.ts';
import { replaceFile } from '../../base/replace-file.ts';
import { makeDirectory } from '../../shared/make-directory.ts';
import { asFound } from './as-found.ts';
import { isDamaged, noteDamage, noteSalvaged, STORE_FILE, salvageFrom, setAside } from './aside.ts';
import { Meta } from './meta.ts';
import { LATEST_VERSION, MIGRATIONS } from './migrations.ts';
import { readBeside } from './read-beside.ts';
import { releaseReserve } from './reserve.ts';
import { type Salvaged, type SalvageOptions, salvage } from './salvage.ts';
import {
  CorruptStore,
  isBusy,
  isCorrupt,
  isFull,
  isOfSystem,
  isUnreadable,
  mayPass,
  UNREAD_FOR_MS,
} from './sqlite-errors.ts';
import { checkAtStart } from './start-check.ts';

const BOOT_FILE = 'boot-counter';

export type OpenResult =
  | { readonly kind: 'open'; readonly db: Database.Database; readonly notes: OpenNotes }
  | { readonly kind: 'in_use' }
  | { readonly kind: 'read_only' | 'full'; readonly why: string }
  | { readonly kind: 'future'; readonly have: number; readonly supported: number };

export interface OpenNotes {
  /** Where a damaged file was moved, if one was found. */
  readonly quarantined: string | null;
  /**
   * An older copy of the file was put back, or it was saved from a damaged one: nothing that is open in it may run (architecture §6).
   * Stays so over any number of openings until somebody has acted on it, see {@link settleOldCopy}.
   */
  readonly oldCopy: boolean;
  /** The last process did not close it: it was killed, or the power went. */
  readonly unclean: boolean;
  /** It can be read, and not written for want of room. */
  readonly full: boolean;
}

const OLD_COPY = 'old_copy';

/**
 * Opens or creates `<directory>/store.db`. Throws only for what no state describes. Saving what a damaged file tells may take long:
 * `onStep` is called meanwhile.
 */
export function openStore(
  directory: string,
  log: Logger = silentLogger,
  onStep = () => {},
  saving: SalvageOptions = {},
): OpenResult {
  try {
    makeDirectory(directory, 0o711);
  } catch (error) {
    return { kind: isFull(error) ? 'full' : 'read_only', why: errorText(error) };
  }
  let damage: string | null = null;
  for (;;) {
    try {
      if (isDamaged(directory)) {
        if (isInUse(join(directory, STORE_FILE))) return { kind: 'in_use' };
        setAside(directory);
      }
      return openOnce(directory, log, (damaged, db) => salvage(damaged, db, log, onStep, saving));
    } catch (error) {
      if (isBusy(error)) return { kind: 'in_use' };
      if ((isCorrupt(error) || isUnreadableForLong(directory, error)) && damage === null) {
        damage = errorText(error);
        log.error('the store is damaged', { what: damage });
        if (noteDamage(directory, damage)) continue;
        return { kind: 'read_only', why: damage };
      }
      // The reserve is for this: what is open in the store can then be ended.
      if (isFull(error) && releaseReserve(directory)) continue;
      if (isFull(error)) return { kind: 'full', why: errorText(error) };
      if (mayPass(error) || isOfSystem(error)) return { kind: 'read_only', why: errorText(error) };
      throw error;
    }
  }
}

/** How soon a store that could not be opened is tried again. */
export const REOPEN_MS = 4_000;
const unreadTimes = new Map<string, number>();

/**
 * True where one opening after the other has met a page that the disk does not give: it will not be read any more. Also told by
 * who reads the store next, until it is {@link wasRead}.
 */
export function isUnreadableForLong(directory: string, error: unknown): boolean {
  if (!isUnreadable(error)) return false;
  const times = (unreadTimes.get(directory) ?? 0) + 1;
  const isForLong = times >= UNREAD_FOR_MS / REOPEN_MS;
  // The file after it has a minute of its own.
  if (isForLong) unreadTimes.delete(directory);
  else unreadTimes.set(directory, times);
  return isForLong;
}

/** What is read of a store at once could be read: the next error is the first one. */
export function wasRead(directory: string): void {
  unreadTimes.delete(directory);
}

/** Another process works on the file, whatever is wrong with it. */
function isInUse(file: string): boolean {
  if (!existsSync(file)) return false;
  using _ = asFound(file);
  try {
    const db = new Database(file, { timeout: 0, readonly: true });
    using _db = atEnd(() => db.close());
    db.pragma('user_version');
    return false;
  } catch (error) {
    return isBusy(error);
  }
}

/** A store in memory with the same schema: what status reads from while the real one can't be opened. */
export function openMemory(): Database.Database {
  const db = new Database(':memory:');
  migrate(db);
  return db;
}

type Save = (damaged: string, db: Database.Database) => Salvaged;

function openOnce(directory: string, log: Logger, save: Save): OpenResult {
  const file = join(directory, STORE_FILE);
  // Outputs of scripts are in it: ours alone, whatever the umask says. SQLite gives the WAL the same mode.
  closeSync(openSync(file, 'a', 0o600));
  const db = new Database(file, { timeout: 0 });
  try {
    db.pragma('locking_mode=EXCLUSIVE');
    // First of all: a file from the future must not be touched.
    const have = db.pragma('user_version', { simple: true }) as number;
    if (have > LATEST_VERSION && minReader(db) > LATEST_VERSION) {
      db.close();
      return { kind: 'future', have, supported: LATEST_VERSION };
    }
    // Before the first table: lets a full disk get back what pruning frees. Later it would only write, also on a full disk.
    if (have === 0) db.pragma('auto_vacuum=INCREMENTAL');
    db.pragma('journal_mode=WAL');
    db.pragma('synchronous=FULL');
    db.pragma('foreign_keys=ON');
    db.pragma('journal_size_limit=8388608');
    // The checkpoint is ours to time (maintenance.ts): the automatic one would fall into the middle of a burst.
    db.pragma('wal_autocheckpoint=4000');
    db.pragma('cache_size=-4096');
    if (have < 0) throw new CorruptStore(`it is of version ${have}`);
    if (have === 0 && tablesOf(db).length > 0) throw new CorruptStore('it is a database of something else');
    migrate(db);
    const tables = tablesOf(db);
    const missing = TABLES.find((table) => !tables.includes(table));
    if (missing !== undefined) throw new CorruptStore(`the table ${missing} is missing`);
    checkAtStart(db);
    const quarantined = salvageFrom(directory);
    if (quarantined !== null) {
      beginAfter(quarantined, db, log, save);
      noteSalvaged(directory);
    }
    return { kind: 'open', db, notes: { quarantined, ...noteOpened(db, directory, quarantined !== null) } };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A new store after a damaged one: with what that one still tells, and numbers that it can't have given. */
function beginAfter(damaged: string, db: Database.Database, log: Logger, save: Save): void {
  const { rows, damaged: lost } = save(damaged, db);
  log.warn('what could be read of the damaged store goes on in the new one', { rows, not_whole: lost.join(' ') });
  const meta = new Meta(db);
  // The PC is not new, whatever could be read.
  meta.set('enrolled', '1');
  markOlderCopy(db, newestRun(db));
  db.prepare(`
    UPDATE sqlite_sequence SET seq = ? + max(seq, (SELECT coalesce(max(run), 0) FROM ledger),
      (SELECT coalesce(max(run), 0) FROM outbox)) WHERE name = 'runs'`).run(NUMBERS_SKIPPED);
}

/** More than any store gives between two scans of it: run numbers that a lost page held are not given again. */
const NUMBERS_SKIPPED = 1_000_000;

function newestRun(db: Database.Database): number {
  return db.prepare('SELECT coalesce(max(run), 0) FROM runs').pluck().get() as number;
}

/**
 * Notes this opening. On a full disk that can't be written; what is in the store is then still read and acted on. `unclean`: as it was
 * told before a first try, which may have noted us.
 */
function noteOpened(
  db: Database.Database,
  directory: string,
  fresh: boolean,
  unclean = new Meta(db).get('open') === '1',
): Omit<OpenNotes, 'quarantined'> {
  const meta = new Meta(db);
  const behind = !fresh && isBehind(meta, directory);
  const oldCopy = behind || olderCopyUpTo(db) !== null;
  try {
    const boot = nextBoot(meta, directory);
    // One transaction, and one wait for the disk.
    const note = db.transaction(() => {
      if (behind) markOlderCopy(db, newestRun(db));
      meta.set('open', '1');
      meta.set('boot', String(boot));
    });
    note.immediate();
    writeBoot(directory, boot);
    return { oldCopy, unclean, full: false };
  } catch (error) {
    if (!isFull(error)) throw error;
    if (releaseReserve(directory)) return noteOpened(db, directory, fresh, unclean);
    return { oldCopy, unclean, full: true };
  }
}

/** Up to which run the store is an older copy; null: it is none. */
export function olderCopyUpTo(db: Database.Database): number | null {
  const text = new Meta(db).get(OLD_COPY);
  return text === null ? null : Number(text);
}

export function markOlderCopy(db: Database.Database, upTo: number): void {
  new Meta(db).set(OLD_COPY, String(Math.max(upTo, olderCopyUpTo(db) ?? 0)));
}

/** What was open in an older copy up to this run has been ended; a mark that says more stays. */
export function settleOldCopy(db: Database.Database, directory: string, upTo: number): void {
  if ((olderCopyUpTo(db) ?? 0) > upTo) return;
  const meta = new Meta(db);
  meta.drop(OLD_COPY);
  // For want of room its opening was not counted: it would be an older copy once more.
  if (!isBehind(meta, directory)) return;
  const boot = nextBoot(meta, directory);
  meta.set('boot', String(boot));
  writeBoot(directory, boot);
}

/** Every table of ours. */
const TABLES = MIGRATIONS.flatMap(({ sql }) =>
  [...sql.matchAll(/CREATE TABLE (\w+) \(/g)].map((match) => match[1] ?? ''),
);

function tablesOf(db: Database.Database): readonly string[] {
  return db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all() as string[];
}

function migrate(db: Database.Database): void {
  const have = db.pragma('user_version', { simple: true }) as number;
  // A step may change the text of a table.
  db.unsafeMode(have < LATEST_VERSION);
  for (const migration of MIGRATIONS) {
    if (migration.version <= have) continue;
    db.transaction(() => {
      db.exec(migration.sql);
      db.prepare(
        `INSERT INTO meta VALUES ('min_reader', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      ).run(String(migration.minReader));
      db.pragma(`user_version=${migration.version}`);
    }).immediate();
  }
  db.unsafeMode(false);
}

/** The oldest schema number that may work on this file, as its newest migration wrote it down. */
export function minReader(db: Database.Database): number {
  try {
    const text = new Meta(db).get('min_reader') ?? '';
    return /^\d{1,9}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Notes that the file is let go of in order. */
export function markClosed(db: Database.Database): void {
  new Meta(db).set('open', '0');
}

/**
 * True where the file beside the store counts more starts than the store itself: an old copy of the store was put back (a
 * restored backup, a cloned disk).
 */
function isBehind(meta: Meta, directory: string): boolean {
  return bootsInFile(directory) > bootCount(meta.get('boot') ?? '');
}

/** What this start is counted as: in the store, and then in the file beside it. */
function nextBoot(meta: Meta, directory: string): number {
  return Math.max(bootCount(meta.get('boot') ?? ''), bootsInFile(directory)) + 1;
}

/** On a full disk the old count stays: without any, an older copy would not be told. */
function writeBoot(directory: string, boot: number): void {
  replaceFile(join(directory, BOOT_FILE), `${boot}\n`, 0o600);
}

function bootsInFile(directory: string): number {
  // No file yet: the first start, or someone tidied up; the store's own count goes on.
  return bootCount(readBeside(join(directory, BOOT_FILE)) ?? '');
}

/** 0 for what no count of starts can be: it would stand above every real one for ever. */
function bootCount(text: string): number {
  return /^\d{1,9}\s*$/.test(text) ? Number.parseInt(text, 10) : 0;
}
