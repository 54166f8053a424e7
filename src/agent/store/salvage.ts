/**
 * What a damaged store still tells goes on in the new one: the ledger and the kills, so that nothing runs twice or after all;
 * unsent results; and what was open, so that each known command still gets its one result. Nothing of it is run: a page that
 * is lost may have said that it had run already. Done in batches; one that was broken off is done again from the start. Invariant:
 * an error of the new file is never taken for one of the old, or of a row of it.
 */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { atEnd } from '../../base/at-end.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { type OutcomeRow, outcomeRow, REASONS, type Reason } from '../../shared/outcomes.ts';
import { asFound } from './as-found.ts';
import { isCorrupt, isOfNow, mayPass } from './sqlite-errors.ts';

/** Some of these have a result that is nowhere told. */
function undelivered({ publishPinSkips = true }: SalvageOptions): string {
  const isLocal = ({ exitCode, isPinSkip }: OutcomeRow) =>
    exitCode === null || (isPinSkip === true && !publishPinSkips);
  const isOther = (reason: Reason) => outcomeRow(reason).leavesIdFree === true || isLocal(outcomeRow(reason));
  const local = REASONS.filter(isOther).map((reason) => `'${reason}'`);
  // What had no id that could be answered never had a result.
  const owed = `request_id IS NOT NULL AND result_id IS NOT NULL AND delivered_at IS NULL`;
  return `state = 'finished' AND ${owed} AND reason NOT IN (${local.join(', ')})`;
}

const LEAVE_ID_FREE = REASONS.filter((reason) => outcomeRow(reason).leavesIdFree)
  .map((reason) => `'${reason}'`)
  .join(', ');

interface Source {
  readonly table: string;
  readonly where: string;
  readonly order: string;
  /** Where its rows go; the table of the same name, unless it is said. */
  readonly into?: string;
  /** A column that the new row has besides, and its value. */
  readonly more?: readonly [column: string, value: string];
}

const INCARNATIONS = ['incarnation', 'incarnation_pending', 'incarnation_kept', 'incarnation_skipped'];
/** What must not be asked for, tried or told again. The rest of `meta` is about the file itself, or is read again. */
const KEPT_META = ['enrolled', ...INCARNATIONS, 'last_contact', 'system_start', 'updates']
  .map((key) => `'${key}'`)
  .join(', ');

/**
 * Tables in the order of their importance; rows of the history, and their output, are left behind. No index is asked: it may be
 * what is damaged.
 */
const sources = (options: SalvageOptions): readonly Source[] => [
  { table: 'meta', where: `key IN (${KEPT_META}) OR key LIKE 'imported:%'`, order: 'key' },
  { table: 'ledger', where: '1', order: 'request_id' },
  // What the ledger has lost and the rows still tell: it was seen, with which bytes is not known.
  {
    table: 'runs',
    into: 'ledger',
    where: `request_id IS NOT NULL AND coalesce(reason, '') NOT IN (${LEAVE_ID_FREE})`,
    order: 'run',
    more: ['fingerprint', `x''`],
  },
  { table: 'kills', where: '1', order: 'entry' },
  { table: 'outbox', where: '1', order: 'seq' },
  { table: 'runs', where: `state <> 'finished' OR (${undelivered(options)})`, order: 'run' },
  { table: 'commands', where: `run IN (SELECT run FROM runs NOT INDEXED WHERE state <> 'finished')`, order: 'run' },
  { table: 'completions', where: '1', order: 'schedule_id' },
  { table: 'completed_versions', where: '1', order: 'schedule_id' },
  { table: 'schedule_state', where: '1', order: 'schedule_id' },
  { table: 'update_keys', where: '1', order: 'trust' },
  { table: 'update_manifests', where: '1', order: 'trust' },
  { table: 'kv_mirror', where: '1', order: 'bucket' },
  { table: 'unlock_tries', where: '1', order: 'account' },
];
/** A batch is a transaction. */
const BATCH_ROWS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;

export interface SalvageOptions {
  /** `[results] publish_pin_skips`. False: a skip for a pin or a withdrawal has no result that could be missing. */
  readonly publishPinSkips?: boolean;
}

export interface Salvaged {
  readonly rows: number;
  /** Tables of which not everything could be read. */
  readonly damaged: readonly string[];
}

/**
 * Copies what can be read of the file `from` into `to`; what is there already stays. `onStep` is called every now and then. Throws
 * where `to` can't be read or written, or there is no room to read: then it has to be done again.
 */
export function salvage(
  from: string,
  to: Database.Database,
  log: Logger,
  onStep: () => void,
  options: SalvageOptions = {},
): Salvaged {
  const damaged = new Set<string>();
  let rows = 0;
  using _ = asFound(from);
  const old = openDamaged(from, log);
  const tables = sources(options);
  if (old === null) return { rows, damaged: [...new Set(tables.map(({ table }) => table))] };
  using _old = atEnd(() => old.close());
  for (const each of tables) {
    const copied = copyTable(old, to, each, onStep);
    rows += copied.rows;
    if (!copied.whole) damaged.add(each.table);
  }
  // Waits are left behind, and so nothing is found by its own.
  to.exec('UPDATE runs SET waits_retry = NULL WHERE waits_retry IS NOT NULL');
  reopenUnanswered(to, options);
  return { rows, damaged: [...damaged] };
}

/** A run whose result was on a lost page: as if the process had ended in its midst, so that it is answered after all. */
function reopenUnanswered(to: Database.Database, options: SalvageOptions): void {
  to.exec(`
    UPDATE runs SET state = 'running' WHERE ${undelivered(options)}
      AND NOT EXISTS (SELECT 1 FROM outbox WHERE kind = 'result' AND id = runs.result_id)`);
}

/** Kept as it was found. null: nothing of it can be read. */
function openDamaged(from: string, log: Logger): Database.Database | null {
  if (!existsSync(from)) return null;
  try {
    return new Database(from, { readonly: true, timeout: 0 });
  } catch (error) {
    if (isOfNow(error)) throw error;
    log.warn('the damaged store can not be read', { file: from, error: errorText(error) });
    return null;
  }
}

function copyTable(
  old: Database.Database,
  to: Database.Database,
  { table, where, order, into = table, more }: Source,
  onStep: () => void,
): { rows: number; whole: boolean } {
  const columns = commonColumns(old, table, to, into);
  if (columns.length === 0) return { rows: 0, whole: false };
  const [column, value] = more === undefined ? ['', ''] : [`, ${more[0]}`, `, ${more[1]}`];
  const put = to.prepare(
    `INSERT OR IGNORE INTO ${into} (${columns.join(', ')}${column}) VALUES (${columns.map(() => '?').join(', ')}${value})`,
  );
  let rows = 0;
  const putAll = to.transaction((batch: readonly unknown[][]) => {
    for (const row of batch) {
      try {
        rows += put.run(...row).changes;
      } catch (error) {
        if (mayPass(error) || isCorrupt(error)) throw error;
        // Not a row of ours any more.
      }
    }
  });
  const copy = (direction: 'ASC' | 'DESC'): boolean => {
    const reading = read(
      old,
      `SELECT ${columns.join(', ')} FROM ${table} NOT INDEXED WHERE ${where} ORDER BY ${order} ${direction}`,
    );
    try {
      for (;;) {
        const { batch, end } = nextBatch(reading);
        putAll(batch);
        onStep();
        if (end !== null) return end === 'whole';
      }
    } finally {
      reading?.return?.();
    }
  };
  // From both ends towards what can't be read.
  const whole = copy('ASC');
  if (!whole) copy('DESC');
  return { rows, whole };
}

type Rows = IterableIterator<unknown[]>;

function read(old: Database.Database, sql: string): Rows | null {
  try {
    return old.prepare(sql).raw().iterate() as Rows;
  } catch (error) {
    if (isOfNow(error)) throw error;
    return null;
  }
}

function nextBatch(reading: Rows | null): { batch: unknown[][]; end: 'whole' | 'damaged' | null } {
  const batch: unknown[][] = [];
  let bytes = 0;
  try {
    while (batch.length < BATCH_ROWS && bytes < BATCH_BYTES) {
      const next = reading?.next();
      if (next === undefined) return { batch, end: 'damaged' };
      if (next.done) return { batch, end: 'whole' };
      batch.push(next.value);
      for (const value of next.value) {
        if (typeof value === 'string' || Buffer.isBuffer(value)) bytes += value.length;
      }
    }
    return { batch, end: null };
  } catch (error) {
    if (isOfNow(error)) throw error;
    return { batch, end: 'damaged' };
  }
}

/** An older release has fewer columns; what it lacks has a default. None: the table can't be read. */
function commonColumns(old: Database.Database, table: string, to: Database.Database, into: string): string[] {
  const names = (db: Database.Database, of: string) =>
    (db.pragma(`table_info(${of})`) as { name: string }[]).map(({ name }) => name);
  const wanted = names(to, into);
  try {
    const have = names(old, table);
    return wanted.filter((name) => have.includes(name));
  } catch (error) {
    if (isOfNow(error)) throw error;
    return [];
  }
}
