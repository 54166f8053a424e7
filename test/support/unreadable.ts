/** A disk that does not give pages of the store: no test can have a real one do that. */
import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';

export interface Unreadable {
  /** False: the disk gives them. */
  away: boolean;
  /** How often somebody has met them. */
  errors: number;
}

/** What runs a statement that fits, and is prepared from now on, meets such a page in the first file that it is prepared for. */
export function unreadable(sql: RegExp): Unreadable {
  const disk: Unreadable = { away: true, errors: 0 };
  const { prototype } = Database;
  const prepare = Object.getOwnPropertyDescriptor(prototype, 'prepare');
  const prepareIn: (this: Database.Database, text: string) => Database.Statement = prepare?.value;
  let file: number | null = null;
  const value = function (this: Database.Database, text: string) {
    const statement = prepareIn.call(this, text);
    if (this.memory || !sql.test(text)) return statement;
    file ??= statSync(this.name).ino;
    if (statSync(this.name).ino !== file) return statement;
    for (const name of ['run', 'get', 'all'] as const) failing(statement, name, disk);
    return statement;
  };
  Object.defineProperty(prototype, 'prepare', { ...prepare, value });
  onTestFinished(() => {
    Object.defineProperty(prototype, 'prepare', prepare ?? {});
  });
  return disk;
}

function failing(statement: Database.Statement, name: 'run' | 'get' | 'all', disk: Unreadable): void {
  const call: (...args: unknown[]) => unknown = statement[name].bind(statement);
  const value = (...args: unknown[]) => {
    if (!disk.away) return call(...args);
    disk.errors += 1;
    throw ioError();
  };
  Object.defineProperty(statement, name, { value, configurable: true });
}

/** As SQLite throws it. */
export function ioError(): Error {
  return Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_READ' });
}
