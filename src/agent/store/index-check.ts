/** Whether each row of a table is found in each of its indexes, a few rows at a time: what SQLite does only for a table at once. */
import type { Database, Statement } from 'better-sqlite3';
import { errorCode } from '../../shared/error-code.ts';

/** How to find the rows of one index. */
export interface IndexCheck {
  readonly index: string;
  /** A row after the first number, up to the second, that the index does not have. */
  readonly missing: Statement;
}

interface IndexRow {
  readonly name: string;
  /** null: it came with the table. */
  readonly sql: string | null;
}

export function indexChecks(db: Database, table: string): IndexCheck[] {
  const rows = db.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?`).all(table);
  return (rows as IndexRow[]).flatMap((row) => checkOf(db, table, row) ?? []);
}

/** null: SQLite does not look into this index where it is told to; it is one of another release. */
function checkOf(db: Database, table: string, { name, sql }: IndexRow): IndexCheck | null {
  const [head = '', where = '1'] = sql?.split(' WHERE ') ?? [];
  const keys =
    sql === null
      ? (db.pragma(`index_info(${name})`) as { name: string }[]).map((column) => column.name)
      : head.slice(head.indexOf('(') + 1, head.lastIndexOf(')')).split(',');
  const values = keys.map((key, at) => `${key} AS key${at}`);
  const found = keys.map((key, at) => `${key} IS its.key${at}`);
  try {
    const missing = db.prepare(`
      SELECT number FROM (SELECT rowid AS number, ${values.join(', ')} FROM ${table} NOT INDEXED
        WHERE rowid > ? AND rowid <= ? AND ${where}) AS its
      WHERE NOT EXISTS (SELECT 1 FROM ${table} INDEXED BY ${name}
        WHERE ${where} AND ${found.join(' AND ')} AND rowid = its.number) LIMIT 1`);
    // Also one in which nothing is at present has to take what comes.
    db.prepare(`SELECT 1 FROM ${table} INDEXED BY ${name} WHERE ${where} LIMIT 1`).get();
    return { index: name, missing: missing.pluck() };
  } catch (error) {
    if (errorCode(error) === 'SQLITE_ERROR') return null;
    throw error;
  }
}
