/** Whether one table can be trusted, as the start and the check of the whole file ask it. */
import type { Database } from 'better-sqlite3';
import { CorruptStore } from './sqlite-errors.ts';

const IOERR = 10;
const CORRUPT = 11;
const NOTADB = 26;
const CORRUPT_CODES: ReadonlySet<number> = new Set([CORRUPT, NOTADB]);

/** @throws {CorruptStore} where the table is damaged; another error where it can't be read at present. */
export function quickCheck(db: Database, table: string): void {
  const said = String(db.pragma(`quick_check(${table})`, { simple: true }));
  if (said === 'ok') return;
  // That a page could not be had for want of memory, say, is a finding to it like any other.
  const [, code] = /error code=(\d+)/.exec(said) ?? [];
  const primary = Number(code ?? CORRUPT) & 0xff;
  if (CORRUPT_CODES.has(primary)) throw new CorruptStore(said);
  throw Object.assign(new Error(said), { code: primary === IOERR ? 'SQLITE_IOERR_READ' : 'SQLITE_NOMEM' });
}
