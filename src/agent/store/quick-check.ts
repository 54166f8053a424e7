import type { Database } from 'better-sqlite3';
import { CorruptStore } from './sqlite-errors.ts';

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const CORRUPT_CODES: ReadonlySet<number> = new Set([11, 26]);

/** @throws {CorruptStore} where the table is damaged; another error where it can't be read at present. */
export function quickCheck(db: Database, table: string): void {
  const said = String(db.pragma(`quick_check(${table})`, { simple: true }));
  if (said === 'ok') return;
  // That a page could not be had for want of memory, say, is a finding to it like any other.
  const [, code] = /error code=(\d+)/.exec(said) ?? [];
  const damaged = code === undefined || CORRUPT_CODES.has(Number(code) & 0xff);
  throw damaged ? new CorruptStore(said) : new Error(said);
}
