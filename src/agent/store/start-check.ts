/**
 * What the start has to know of the file: that the indexes by which the agent finds its work agree with each other and with the
 * open rows. An index that has lost an entry fails at nothing, and its command would wait for ever. Neither the history is read nor
 * a body; the ledger is checked when the fleet has heard of us, see `Store.knowsWhatItHasSeen`.
 */
import type { Database } from 'better-sqlite3';
import { errorCode } from '../../shared/error-code.ts';
import { CorruptStore } from './sqlite-errors.ts';

const STATES = `GROUP BY state ORDER BY state`;

/** Some of the open rows, by the index that is asked for these. */
const SOME_OPEN: readonly { readonly index: string; readonly where: string }[] = [
  { index: 'runs_exec', where: 'exec_id IS NOT NULL' },
  { index: 'runs_kill', where: 'kill_at IS NOT NULL' },
  { index: 'runs_gate', where: `state = 'admitted' AND waits_retry IS NULL` },
  { index: 'runs_gate', where: `state = 'admitted' AND waits_retry IS NOT NULL` },
  { index: 'runs_schedule_open', where: 'schedule_id IS NOT NULL' },
];

/** Which of these are found by their wait alone (`Inbox.toGate`). */
const RETRIED = `FROM runs INDEXED BY runs_gate WHERE state = 'admitted' AND waits_retry IS NOT NULL`;
const RETRIES = `FROM waits INDEXED BY waits_due WHERE kind = 'retry'`;

/** Each gives one answer, whatever it is read from. Exported for its test. */
export const AGREEING: readonly { readonly what: string; readonly by: readonly string[] }[] = [
  {
    what: 'the open rows',
    // The state is that of the row itself, which is looked up for each.
    by: [
      `SELECT state, count(*), total(run) FROM runs INDEXED BY runs_open WHERE state <> 'finished' ${STATES}`,
      `SELECT state, count(*), total(run) FROM runs INDEXED BY runs_state WHERE state <> 'finished' ${STATES}`,
    ],
  },
  {
    what: 'some of the open rows',
    by: [
      `SELECT ${SOME_OPEN.map(({ where }) => `total(run * (${where}))`).join(', ')} FROM runs INDEXED BY runs_open
         WHERE state <> 'finished'`,
      `SELECT ${SOME_OPEN.map(
        ({ index, where }) =>
          `(SELECT total(run) FROM runs INDEXED BY ${index} WHERE ${where} AND state <> 'finished')`,
      ).join(', ')}`,
    ],
  },
  {
    what: 'what waits to be tried again',
    // One by one only where there are others as well: an older release leaves such a wait until its run has ended.
    by: [
      `SELECT CASE WHEN (SELECT total(run) ${RETRIED}) = (SELECT total(run) ${RETRIES}) THEN 0
         ELSE (SELECT count(*) ${RETRIED} AND NOT EXISTS (SELECT 1 FROM waits WHERE waits.run = runs.run AND kind = 'retry')) END`,
      'SELECT 0',
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

/** Of these the values themselves are checked: a page that can't be read is met here, where that is a state, and not later. */
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
