/** Reading what was recorded: lists, one run, its output, counts. Counts and lists use the same conditions. */
import type { Database, Statement } from 'better-sqlite3';
import { loopTurn } from '../../base/loop-turn.ts';
import type { ResultId, RunId } from '../../shared/ids.ts';
import type { Reason } from '../../shared/outcomes.ts';
import type { RunState, Source } from '../../shared/states.ts';
import { OutputSearch } from './output-search.ts';
import type { StoredOutput } from './outputs.ts';
import { conditions, patternOf, type RunFilter } from './run-conditions.ts';

/** One recorded command, without bodies. Times are ms since the epoch. */
export interface RunRecord {
  readonly run: RunId;
  readonly requestId: string | null;
  readonly resultId: ResultId | null;
  readonly execId: string | null;
  readonly manifestId: string | null;
  readonly version: string | null;
  readonly title: string | null;
  readonly source: Source;
  readonly subject: string;
  readonly shell: string | null;
  readonly runAs: string | null;
  readonly runAsUser: string | null;
  readonly timeoutSecs: number | null;
  readonly receivedAtMs: number;
  readonly decidedAtMs: number | null;
  readonly notBeforeMs: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly deliveredAtMs: number | null;
  readonly state: RunState;
  readonly reason: Reason | null;
  readonly exitCode: number | null;
  readonly detail: string | null;
  /** What was found of its signature, and the key that it names; null: not checked. */
  readonly signature: string | null;
  readonly signedBy: string | null;
  /** What the gates saw, as JSON text. */
  readonly facts: string | null;
  readonly parkedWhy: string | null;
  /** 1: finished, and there is no result to deliver. */
  readonly unreported: 0 | 1;
}

/** How much of an output is kept. */
export interface KeptSize {
  /** In UTF-8. */
  readonly keptBytes: number;
  readonly totalBytes: number;
  readonly cut: boolean;
}

/** `reason` null: not finished. */
export interface ReasonCount {
  readonly reason: Reason | null;
  readonly n: number;
}

/** A tuple: a long history is made of many. */
export type RunShape = readonly [
  run: RunId,
  receivedAtMs: number,
  manifestId: string | null,
  title: string | null,
  source: Source,
  reason: Reason | null,
  exitCode: number | null,
];

const COLUMNS = `
  run, request_id AS requestId, result_id AS resultId, exec_id AS execId, manifest_id AS manifestId, version, title, source,
  subject, shell, run_as AS runAs, run_as_user AS runAsUser, timeout_secs AS timeoutSecs, received_at AS receivedAtMs,
  decided_at AS decidedAtMs, not_before AS notBeforeMs, started_at AS startedAtMs, finished_at AS finishedAtMs,
  delivered_at AS deliveredAtMs, state, reason, exit_code AS exitCode, detail, signature,
  signed_by AS signedBy, facts,
  (SELECT parked_why FROM outbox WHERE outbox.kind = 'result' AND outbox.id = runs.result_id
    AND parked_at IS NOT NULL) AS parkedWhy,
  (state = 'finished' AND delivered_at IS NULL AND NOT EXISTS
    (SELECT 1 FROM outbox WHERE outbox.kind = 'result' AND outbox.id = runs.result_id)) AS unreported`;

export class History {
  readonly #db: Database;
  readonly #get: Statement;
  readonly #open: Statement;
  readonly #output: Statement;
  readonly #size: Statement;
  readonly #numbers: Statement;
  readonly #command: Statement;
  readonly #earlier: Statement;
  readonly #outputs: OutputSearch;

  constructor(db: Database) {
    this.#db = db;
    this.#outputs = new OutputSearch(db);
    this.#get = db.prepare(`SELECT ${COLUMNS} FROM runs WHERE run = ?`);
    this.#open = db.prepare(`SELECT ${COLUMNS} FROM runs WHERE state <> 'finished' ORDER BY run LIMIT ?`);
    this.#output = db.prepare(
      'SELECT body AS text, total_bytes AS totalBytes, cut FROM outputs WHERE run = ? AND stream = ?',
    );
    // Tells the length without reading the text.
    this.#size = db.prepare(
      'SELECT octet_length(body) AS keptBytes, total_bytes AS totalBytes, cut FROM outputs WHERE run = ? AND stream = ?',
    );
    this.#numbers = db.prepare(
      'SELECT coalesce((SELECT min(run) FROM runs), 1) AS first, coalesce((SELECT max(run) FROM runs), 0) AS last',
    );
    this.#earlier = db
      .prepare(
        `SELECT finished_at - started_at FROM runs WHERE manifest_id = ? AND run < ? AND run > ? AND reason = 'DONE'
          AND started_at IS NOT NULL ORDER BY run DESC LIMIT ?`,
      )
      .pluck();
    this.#command = db.prepare('SELECT body FROM commands WHERE run = ?').pluck();
  }

  /** Newest first, from the one before `beforeRun` on (all: Infinity), without the first `skip`. */
  list(filter: RunFilter, beforeRun: number, limit: number, skip = 0): RunRecord[] {
    const { where, values } = conditions(filter);
    return this.#db
      .prepare(`SELECT ${COLUMNS} FROM runs WHERE run < ? ${where} ORDER BY run DESC LIMIT ? OFFSET ?`)
      .all(finite(beforeRun), ...values, limit, skip) as RunRecord[];
  }

  /** How many runs before `beforeRun` (all: Infinity) the filter holds for. */
  count(filter: RunFilter, beforeRun = Number.POSITIVE_INFINITY): number {
    const { where, values } = conditions(filter);
    return this.#db
      .prepare(`SELECT count(*) FROM runs WHERE run < ? ${where}`)
      .pluck()
      .get(finite(beforeRun), ...values) as number;
  }

  /** The newest run before `beforeRun` that was received at or before this moment; clocks jump, so order is that of arrival. */
  newestAt(filter: RunFilter, beforeRun: number, atMs: number): number | null {
    const { where, values } = conditions(filter);
    return this.#db
      .prepare(`SELECT run FROM runs WHERE run < ? AND received_at <= ? ${where} ORDER BY run DESC LIMIT 1`)
      .pluck()
      .get(finite(beforeRun), atMs, ...values) as number | null;
  }

  /** Counts by reason of the finished runs the filter holds for. */
  countByReason(filter: RunFilter): Partial<Record<Reason, number>> {
    const { where, values } = conditions(filter);
    const rows = this.#db
      .prepare(`SELECT reason, count(*) AS n FROM runs WHERE state = 'finished' ${where} GROUP BY reason`)
      .all(...values) as { reason: Reason; n: number }[];
    return Object.fromEntries(rows.map(({ reason, n }) => [reason, n]));
  }

  /** Counts by reason, of those that are not finished under null. */
  countEach(filter: RunFilter, beforeRun = Number.POSITIVE_INFINITY): ReasonCount[] {
    const { where, values } = conditions(filter);
    return this.#db
      .prepare(`SELECT reason, count(*) AS n FROM runs WHERE run < ? ${where} GROUP BY reason`)
      .all(finite(beforeRun), ...values) as ReasonCount[];
  }

  hasAny(filter: RunFilter): boolean {
    const { where, values } = conditions(filter);
    return this.#db.prepare(`SELECT 1 FROM runs WHERE 1 ${where} LIMIT 1`).get(...values) !== undefined;
  }

  /** As {@link list}, of each run only what tells its day and what it is the same as. */
  shapes(filter: RunFilter, beforeRun: number, limit: number): RunShape[] {
    const { where, values } = conditions(filter);
    return this.#db
      .prepare(
        `SELECT run, received_at, manifest_id, title, source, reason, exit_code FROM runs
          WHERE run < ? ${where} ORDER BY run DESC LIMIT ?`,
      )
      .raw()
      .all(finite(beforeRun), ...values, limit) as RunShape[];
  }

  /** How many finished runs the filter holds for whose result has not arrived at the fleet. */
  countUndelivered(filter: RunFilter): number {
    const { where, values } = conditions(filter);
    return this.#db
      .prepare(`SELECT count(*) FROM runs WHERE state = 'finished' AND delivered_at IS NULL ${where}`)
      .pluck()
      .get(...values) as number;
  }

  /** How long the task of this run took when it went well before, ms, newest first; of what arrived since `afterRun`. */
  earlierDurations(
    { run, manifestId }: Pick<RunRecord, 'run' | 'manifestId'>,
    afterRun: number,
    limit: number,
  ): number[] {
    return this.#earlier.all(manifestId, run, afterRun, limit) as number[];
  }

  get(run: RunId): RunRecord | undefined {
    return this.#get.get(run) as RunRecord | undefined;
  }

  /** Everything that is not finished, oldest first. */
  open(limit: number): RunRecord[] {
    return this.#open.all(limit) as RunRecord[];
  }

  output(run: RunId, stream: 'stdout' | 'stderr'): StoredOutput | undefined {
    const row = this.#output.get(run, stream) as { text: string; totalBytes: number; cut: number } | undefined;
    return row === undefined ? undefined : { ...row, cut: row.cut === 1 };
  }

  /** How much of an output is kept, which is not read for that. */
  outputSize(run: RunId, stream: 'stdout' | 'stderr'): KeptSize | undefined {
    const row = this.#size.get(run, stream) as { keptBytes: number; totalBytes: number; cut: number } | undefined;
    return row === undefined ? undefined : { ...row, cut: row.cut === 1 };
  }

  /** The oldest and the newest run; `last` is below `first` where there is none. */
  numbers(): { readonly first: number; readonly last: number } {
    return this.#numbers.get() as { first: number; last: number };
  }

  /** The runs that have this text in their output. Takes its time, a turn of the caller's between its steps. */
  runsWithOutput(search: string, turn: () => Promise<void> = loopTurn): Promise<readonly RunId[]> {
    return this.#outputs.runsWith(patternOf(search), turn);
  }

  /** The command exactly as it came, while it is kept. */
  command(run: RunId): Uint8Array | undefined {
    return this.#command.get(run) as Buffer | undefined;
  }
}

/** SQLite has no infinity among its whole numbers. */
function finite(run: number): number {
  return Number.isFinite(run) ? run : Number.MAX_SAFE_INTEGER;
}
