/**
 * Opens the store: exactly one process holds it (`locking_mode=EXCLUSIVE`, freed by the operating system on death), a
 * file from the future is not touched, a damaged one is moved aside and a new one begun (design §6).
 */
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { makeDirectory } from '../../shared/make-directory.ts';
import { errorText } from '../base/logger.ts';
import { LATEST_VERSION, MIGRATIONS } from './migrations.ts';
import { DAMAGED_FILE } from './whole-check.ts';

export const STORE_FILE = 'store.db';
const BOOT_FILE = 'boot-counter';

export type OpenResult =
  | { readonly kind: 'open'; readonly db: Database.Database; readonly notes: OpenNotes }
  | { readonly kind: 'in_use' }
  | { readonly kind: 'read_only' | 'full'; readonly why: string }
  | { readonly kind: 'future'; readonly have: number; readonly supported: number };

export interface OpenNotes {
  /** Where a damaged file was moved, if one was found. */
  readonly quarantined: string | null;
  /** An older copy of the file was put back: nothing that is open in it may run (design §6). */
  readonly oldCopy: boolean;
  /** The last process did not close it: it was killed, or the power went. */
  readonly unclean: boolean;
}

/** Opens or creates `<directory>/store.db`. Throws only for what no state describes. */
export function openStore(directory: string): OpenResult {
  const file = join(directory, STORE_FILE);
  try {
    makeDirectory(directory, 0o711);
  } catch (error) {
    return { kind: isFull(error) ? 'full' : 'read_only', why: errorText(error) };
  }
  let quarantined: string | null = null;
  if (existsSync(join(directory, DAMAGED_FILE))) {
    if (existsSync(file)) quarantined = moveAside(file);
    rmSync(join(directory, DAMAGED_FILE));
  }
  for (;;) {
    try {
      const opened = openOnce(file, directory, quarantined);
      return opened;
    } catch (error) {
      if (isBusy(error)) return { kind: 'in_use' };
      if (isCorrupt(error) && quarantined === null) {
        quarantined = moveAside(file);
        continue;
      }
      if (isFull(error)) return { kind: 'full', why: errorText(error) };
      if (isUnwritable(error)) return { kind: 'read_only', why: errorText(error) };
      throw error;
    }
  }
}

/** A store in memory with the same schema: what status reads from while the real one can't be opened. */
export function openMemory(): Database.Database {
  const db = new Database(':memory:');
  migrate(db);
  return db;
}

function openOnce(file: string, directory: string, quarantined: string | null): OpenResult {
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
    // Before the first table: lets a full disk get back what pruning frees.
    db.pragma('auto_vacuum=INCREMENTAL');
    db.pragma('journal_mode=WAL');
    db.pragma('synchronous=FULL');
    db.pragma('foreign_keys=ON');
    db.pragma('journal_size_limit=8388608');
    // The checkpoint is ours to time (keeper.ts): the automatic one would fall into the middle of a burst.
    db.pragma('wal_autocheckpoint=4000');
    db.pragma('cache_size=-4096');
    if (have < 0) throw new CorruptStore(`it is of version ${have}`);
    if (have === 0 && tablesOf(db).length > 0) throw new CorruptStore('it is a database of something else');
    migrate(db);
    const tables = tablesOf(db);
    const missing = TABLES.find((table) => !tables.includes(table));
    if (missing !== undefined) throw new CorruptStore(`the table ${missing} is missing`);
    for (const table of ['ledger', 'outbox']) {
      const answer = db.pragma(`quick_check(${table})`, { simple: true });
      if (answer !== 'ok') throw new CorruptStore(`${table}: ${String(answer)}`);
    }
    const oldCopy = countBoot(db, directory, quarantined !== null);
    const unclean = readMeta(db, 'open') === '1';
    writeMeta(db, 'open', '1');
    return { kind: 'open', db, notes: { quarantined, oldCopy, unclean } };
  } catch (error) {
    db.close();
    throw error;
  }
}

class CorruptStore extends Error {
  override readonly name = 'CorruptStore';
}

/** Every table of ours. */
const TABLES = MIGRATIONS.flatMap(({ sql }) => [...sql.matchAll(/CREATE TABLE (\w+)/g)].map((match) => match[1] ?? ''));

function tablesOf(db: Database.Database): readonly string[] {
  return db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all() as string[];
}

function migrate(db: Database.Database): void {
  const have = db.pragma('user_version', { simple: true }) as number;
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
}

/** The oldest schema number that may work on this file, as its newest migration wrote it down. */
function minReader(db: Database.Database): number {
  try {
    const text = readMeta(db, 'min_reader') ?? '';
    return /^\d{1,9}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Notes that the file is let go of in order. */
export function markClosed(db: Database.Database): void {
  writeMeta(db, 'open', '0');
}

function readMeta(db: Database.Database, key: string): string | null {
  return (db.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key) as string | undefined) ?? null;
}

function writeMeta(db: Database.Database, key: string, value: string): void {
  db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(key, value);
}

/**
 * Counts this start in the store and then in a file beside it. A file that is ahead of the store means that an old copy
 * of the store was put back (a restored backup, a cloned disk).
 */
function countBoot(db: Database.Database, directory: string, fresh: boolean): boolean {
  const path = join(directory, BOOT_FILE);
  const inStore = bootCount(readMeta(db, 'boot') ?? '');
  let inFile = 0;
  try {
    inFile = bootCount(readFileSync(path, 'utf8'));
  } catch {
    // No file yet: the first start, or someone tidied up; the store's own count goes on.
  }
  const next = Math.max(inStore, inFile) + 1;
  writeMeta(db, 'boot', String(next));
  writeFileSync(path, `${next}\n`, { mode: 0o600 });
  return !fresh && inFile > inStore;
}

/** 0 for what no count of starts can be: it would stand above every real one for ever. */
function bootCount(text: string): number {
  return /^\d{1,9}\s*$/.test(text) ? Number.parseInt(text, 10) : 0;
}

/** Moves the damaged file and its WAL to names that no later start touches; returns the new name. */
function moveAside(file: string): string {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const target = `${file}.damaged-${stamp}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, target + suffix);
  }
  rmSync(`${file}-journal`, { force: true });
  return target;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

export function isFull(error: unknown): boolean {
  return ['SQLITE_FULL', 'ENOSPC', 'EDQUOT'].includes(codeOf(error));
}

export function isUnwritable(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code.startsWith('SQLITE_READONLY') ||
    code.startsWith('SQLITE_IOERR') ||
    code.startsWith('SQLITE_CANTOPEN') ||
    code === 'SQLITE_PERM' ||
    ['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'EEXIST'].includes(code)
  );
}

function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY') || codeOf(error) === 'SQLITE_LOCKED';
}

export function isCorrupt(error: unknown): boolean {
  const code = codeOf(error);
  return error instanceof CorruptStore || code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}
