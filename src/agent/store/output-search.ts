/**
 * Which runs have a text in their output. There may be a gigabyte of it, so it is read in steps of some ms; what was found is
 * kept for the next page of the same search, which then reads what is new only.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { RunId } from '../../shared/ids.ts';

const STEP_MS = 10;
/** A search that is typed leaves its beginnings behind. */
const SEARCHES_KEPT = 4;

interface Search {
  readonly runs: Set<RunId>;
  /** Everything up to this row was searched, the output of this run. */
  rowid: number;
  run: RunId | 0;
}

export class OutputSearch {
  readonly #next: Statement;
  /** A number is given again when all rows above it were pruned. */
  readonly #isStill: Statement;
  readonly #searches = new Map<string, Search>();

  constructor(db: Database) {
    this.#isStill = db.prepare(
      'SELECT coalesce((SELECT run = $run FROM outputs WHERE rowid = $rowid), (SELECT max(rowid) FROM outputs) > $rowid, 0) AS still',
    );
    this.#next = db.prepare(
      `SELECT rowid, run, body LIKE ? ESCAPE '\\' AS found FROM outputs WHERE rowid > ? ORDER BY rowid LIMIT 1`,
    );
  }

  /** `pattern` as LIKE takes it. Runs that were pruned since may be among them. */
  async runsWith(pattern: string, turn: () => Promise<void>): Promise<readonly RunId[]> {
    const search: Search = this.#searches.get(pattern) ?? { runs: new Set(), rowid: 0, run: 0 };
    const { still } = this.#isStill.get({ rowid: search.rowid, run: search.run }) as { still: number };
    if (still === 0) search.rowid = 0;
    this.#searches.delete(pattern);
    this.#searches.set(pattern, search);
    const [oldest] = this.#searches.keys();
    if (this.#searches.size > SEARCHES_KEPT && oldest !== undefined) this.#searches.delete(oldest);
    while (this.#step(pattern, search)) await turn();
    return [...search.runs];
  }

  /** Searches for {@link STEP_MS}. False: there is nothing left to search. */
  #step(pattern: string, search: Search): boolean {
    const until = performance.now() + STEP_MS;
    do {
      const row = this.#next.get(pattern, search.rowid) as { rowid: number; run: RunId; found: number } | undefined;
      if (row === undefined) return false;
      search.rowid = row.rowid;
      search.run = row.run;
      if (row.found === 1) search.runs.add(row.run);
    } while (performance.now() < until);
    return true;
  }
}
