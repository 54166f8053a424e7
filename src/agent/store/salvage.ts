/**
 * What a damaged store still tells goes on in the new one: the ledger and the kills, so that nothing runs twice or after all;
 * unsent results; and what was open, so that each known command still gets its one result. Nothing of it is run: a page that
 * is lost may have said that it had run already.
 */
import { existsSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { errorText, type Logger } from '../base/logger.ts';

/** Tables in the order of their importance; rows of the history, and their output, are left behind. */
const TABLES: readonly { readonly table: string; readonly where: string; readonly order: string }[] = [
  { table: 'meta', where: `key IN ('enrolled', 'incarnations', 'last_contact')`, order: 'key' },
  { table: 'ledger', where: '1', order: 'request_id' },
  { table: 'kills', where: '1', order: 'entry' },
  { table: 'outbox', where: '1', order: 'seq' },
  { table: 'runs', where: `state <> 'finished'`, order: 'run' },
  { table: 'runs', where: `result_id IN (SELECT id FROM outbox WHERE kind = 'result')`, order: 'run' },
  { table: 'commands', where: `run IN (SELECT run FROM runs WHERE state <> 'finished')`, order: 'run' },
  { table: 'completions', where: '1', order: 'schedule_id' },
  { table: 'kv_mirror', where: '1', order: 'bucket' },
  { table: 'unlock_tries', where: '1', order: 'account' },
];

export interface Salvaged {
  readonly rows: number;
  /** Tables of which not everything could be read. */
  readonly damaged: readonly string[];
}

/** Copies what can be read of the file `from` into `to`, which is new and empty. Never throws. */
export function salvage(from: string, to: Database.Database, log: Logger): Salvaged {
  const damaged: string[] = [];
  let rows = 0;
  const hadShm = existsSync(`${from}-shm`);
  let old: Database.Database | null = null;
  try {
    if (!existsSync(from)) return { rows, damaged };
    // Kept as it was found.
    old = new Database(from, { readonly: true, timeout: 0 });
    for (const each of TABLES) {
      const copied = copyTable(old, to, each);
      rows += copied.rows;
      if (!copied.whole) damaged.push(each.table);
    }
  } catch (error) {
    log.warn('the damaged store can not be read', { file: from, error: errorText(error) });
    damaged.push(...TABLES.map(({ table }) => table));
  } finally {
    old?.close();
    if (!hadShm) rmSync(`${from}-shm`, { force: true });
  }
  return { rows, damaged };
}

function copyTable(
  old: Database.Database,
  to: Database.Database,
  { table, where, order }: (typeof TABLES)[number],
): { rows: number; whole: boolean } {
  let rows = 0;
  try {
    const columns = commonColumns(old, to, table);
    const put = to.prepare(
      `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    const copy = (direction: 'ASC' | 'DESC') => {
      const select = old.prepare(
        `SELECT ${columns.join(', ')} FROM ${table} WHERE ${where} ORDER BY ${order} ${direction}`,
      );
      const reading = select.raw().iterate();
      try {
        for (const row of reading as IterableIterator<unknown[]>) {
          try {
            rows += put.run(...row).changes;
          } catch {
            // Not a row of ours any more.
          }
        }
        return true;
      } catch {
        return false;
      } finally {
        reading.return?.();
      }
    };
    // From both ends towards what can't be read.
    const whole = to.transaction(() => {
      const fromTheFront = copy('ASC');
      if (!fromTheFront) copy('DESC');
      return fromTheFront;
    })();
    return { rows, whole };
  } catch {
    return { rows, whole: false };
  }
}

/** An older release has fewer columns; what it lacks has a default. */
function commonColumns(old: Database.Database, to: Database.Database, table: string): string[] {
  const names = (db: Database.Database) =>
    (db.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
  const have = names(old);
  const columns = names(to).filter((name) => have.includes(name));
  if (columns.length === 0) throw new Error(`the table ${table} is missing`);
  return columns;
}
