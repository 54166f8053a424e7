/** Harm done to the file of a store that nobody has open, and the file of an earlier release. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { STORE_FILE } from '../../src/agent/store/aside.ts';
import { MIGRATIONS } from '../../src/agent/store/migrations.ts';

/** Overwrites the first page of a table or index with what is none. */
export function damagePage(directory: string, name: string): void {
  const file = join(directory, STORE_FILE);
  const db = new Database(file);
  db.pragma('wal_checkpoint(TRUNCATE)');
  const page = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(name) as number;
  const bytes = db.pragma('page_size', { simple: true }) as number;
  db.close();
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.alloc(bytes, 0x5a), 0, bytes, (page - 1) * bytes);
  closeSync(opened);
}

/** The index forgets the rows for which this does not hold; all its pages can be read. */
export function loseEntries(directory: string, index: string, kept: string): void {
  const db = new Database(join(directory, STORE_FILE));
  db.unsafeMode(true);
  const row = db.prepare('SELECT sql FROM sqlite_schema WHERE name = ?');
  const sql = row.pluck().get(index) as string;
  const say = (text: string) => {
    db.pragma('writable_schema=ON');
    db.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?').run(text, index);
    db.pragma('writable_schema=RESET');
  };
  say(sql.includes(' WHERE ') ? `${sql} AND ${kept}` : `${sql} WHERE ${kept}`);
  db.exec(`REINDEX ${index}`);
  say(sql);
  db.close();
}

/** A store as the release before the third step of the schema left it. */
export function storeOfRelease2(directory: string): Database.Database {
  const db = new Database(join(directory, STORE_FILE));
  db.pragma('auto_vacuum=INCREMENTAL');
  db.pragma('journal_mode=WAL');
  for (const { version, sql } of MIGRATIONS) if (version <= 2) db.exec(sql);
  db.exec(`INSERT INTO meta VALUES ('min_reader', '1')`);
  db.pragma('user_version=2');
  return db;
}
