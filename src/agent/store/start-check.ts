/**
 * What the start has to know of the file: that the indexes by which the agent finds its work agree with each other and with the
 * open rows. An index that has lost an entry fails at nothing, and its command would wait for ever. Neither the history is read nor
 * a body; the ledger is looked at when the fleet has heard of us, see `Store.knowsWhatItHasSeen`.
 */
import type { Database } from 'better-sqlite3';
import { errorCode } from '../../shared/error-code.ts';
import { CorruptStore } from './sqlite-errors.ts';

const STATES = `GROUP BY state ORDER BY state`;

/** Each gives one answer, whatever it is read from. */
const AGREEING: readonly { readonly what: string; readonly by: readonly string[] }[] = [
  {
    what: 'the open rows',
    // The state is that of the row itself, which is looked up for each.
    by: [
      `SELECT state, count(*), total(run) FROM runs INDEXED BY runs_open WHERE state <> 'finished' ${STATES}`,
      `SELECT state, count(*), total(run) FROM runs INDEXED BY runs_state WHERE state <> 'finished' ${STATES}`,
    ],
  },
  {
    what: 'the rows of executions',
    by: [
      `SELECT total(run * (exec_id IS NOT NULL)), total(run * (kill_at IS NOT NULL)) FROM runs INDEXED BY runs_open
         WHERE state <> 'finished'`,
      `SELECT (SELECT total(run) FROM runs INDEXED BY runs_exec WHERE exec_id IS NOT NULL AND state <> 'finished'),
         (SELECT total(run) FROM runs INDEXED BY runs_kill WHERE kill_at IS NOT NULL AND state <> 'finished')`,
    ],
  },
  {
    what: 'the waits',
    // Only a column that the index lacks has the table itself read.
    by: [
      `SELECT count(*), total(until_up) FROM waits WHERE until_at <> ''`,
      'SELECT count(*), total(until_up) FROM waits INDEXED BY waits_due',
    ],
  },
  {
    what: 'the kills',
    by: [
      'SELECT count(*), total(entry) FROM kills NOT INDEXED',
      'SELECT count(*), total(entry) FROM kills INDEXED BY sqlite_autoindex_kills_1',
    ],
  },
  {
    what: 'the outbox',
    by: ['sqlite_autoindex_outbox_1', 'outbox_due', 'outbox_run'].map(
      (index) => `SELECT count(*), total(seq) FROM outbox INDEXED BY ${index}`,
    ),
  },
  {
    what: 'what is sent later',
    by: [
      'SELECT count(*), total(seq) FROM outbox INDEXED BY outbox_due WHERE next_try_at > 0',
      'SELECT count(*), total(seq) FROM outbox INDEXED BY outbox_later WHERE next_try_at > 0',
    ],
  },
];

/** Of these the values themselves are looked at: a page that can't be read is met here, where that is a state, and not later. */
const START_READS: readonly string[] = [
  'SELECT max(value), max(key) FROM kv_mirror',
  'SELECT max(seq) FROM sqlite_sequence',
  'SELECT max(value) FROM meta',
  'SELECT request_id FROM ledger LIMIT 1',
];

/** Throws where the file is damaged. */
export function checkAtStart(db: Database): void {
  for (const { what, by } of AGREEING) {
    const answers = new Set(by.map((sql) => answer(db, sql)).filter((each) => each !== null));
    if (answers.size > 1) throw new CorruptStore(`${what}: the indexes say ${[...answers].join(' and ')}`);
  }
  // What the fleet has set, which the start reads; and the edge at which new rows come.
  for (const sql of START_READS) db.prepare(sql).get();
  for (const table of ['runs', 'outbox', 'commands']) db.prepare(`SELECT max(rowid) FROM ${table} NOT INDEXED`).get();
}

/** null: a newer release has no such index, or another one by its name. */
function answer(db: Database, sql: string): string | null {
  try {
    return JSON.stringify(db.prepare(sql).raw().all());
  } catch (error) {
    if (errorCode(error) === 'SQLITE_ERROR') return null;
    throw error;
  }
}
