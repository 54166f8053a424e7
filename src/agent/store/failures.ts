/** What went wrong or was left out, by task and reason: one query over one index, and no more rows of it than are read in some ms. */
import type { Database, Statement } from 'better-sqlite3';
import type { RunId } from '../../shared/ids.ts';
import type { Reason } from '../../shared/outcomes.ts';

export interface FailureCount {
  readonly manifestId: string | null;
  readonly reason: Reason;
  readonly count: number;
  /** The one that came last. */
  readonly lastRun: RunId;
}

export interface FailuresFound {
  /** Those that happened most often first, and after them what was left out as it should. */
  readonly rows: readonly FailureCount[];
  /** How many kinds there are; `rows` may be fewer. */
  readonly kinds: number;
  /** What came since then is counted, ms since the epoch: later than was asked for where there is too much. */
  readonly sinceMs: number;
}

/** Of those that ended otherwise than well, the newest so many are read. */
export const MOST_ROWS = 10_000;

/** In the order of the index, so that nothing is sorted before it is counted. */
export const NEWEST_NOT_DONE = `
  SELECT run, received_at, reason, manifest_id FROM runs WHERE reason <> 'DONE' AND received_at >= @fromMs
    ORDER BY received_at DESC`;

export class Failures {
  readonly #count: Statement;
  readonly #mostRows: number;

  constructor(db: Database, mostRows = MOST_ROWS) {
    this.#count = db.prepare(`
      WITH newest AS MATERIALIZED (${NEWEST_NOT_DONE} LIMIT ${mostRows}),
      kinds AS (
        SELECT manifest_id AS manifestId, reason, count(*) AS count, max(run) AS lastRun FROM newest
          WHERE reason IN (SELECT value FROM json_each(@reasons)) GROUP BY manifest_id, reason)
      SELECT manifestId, reason, count, lastRun, (SELECT count(*) FROM kinds) AS kinds,
        (SELECT count(*) FROM newest) AS readRows, (SELECT min(received_at) FROM newest) AS oldestMs
      FROM kinds ORDER BY reason IN (SELECT value FROM json_each(@last)), count DESC, lastRun DESC LIMIT @limit`);
    this.#mostRows = mostRows;
  }

  /** Of these reasons, those among `last` at the end, received at or after `fromMs`; `limit` kinds at most. */
  since(fromMs: number, reasons: readonly Reason[], limit: number, last: readonly Reason[] = []): FailuresFound {
    const lists = { reasons: JSON.stringify(reasons), last: JSON.stringify(last) };
    const found = this.#count.all({ fromMs, ...lists, limit }) as (FailureCount & {
      readonly kinds: number;
      readonly readRows: number;
      readonly oldestMs: number;
    })[];
    const [first] = found;
    const isCut = first !== undefined && first.readRows >= this.#mostRows;
    return {
      rows: found.map(({ manifestId, reason, count, lastRun }) => ({ manifestId, reason, count, lastRun })),
      kinds: first?.kinds ?? 0,
      sinceMs: isCut ? first.oldestMs : fromMs,
    };
  }
}
