/** The open rows: everything that was admitted and has not ended. Who looks for work asks here, and remembers nothing. */
import type { Database, Statement } from 'better-sqlite3';
import type { RequestId, ResultId, RunId, SentExecId } from '../../shared/ids.ts';
import type { RunState, Source } from '../../shared/states.ts';
import type { GroupCommit } from './group-commit.ts';

/** A run that is not finished. Its body is read apart, when it is needed: it may be large, and there may be many. */
export interface OpenRun {
  readonly run: RunId;
  readonly requestId: RequestId;
  readonly resultId: ResultId;
  readonly execId: SentExecId | null;
  readonly manifestId: string | null;
  readonly runAs: string | null;
  readonly state: OpenState;
  readonly source: Source;
  readonly subject: string;
  readonly receivedAtMs: number;
  /** When its jitter is over, for people; the wait itself is in `waits`. */
  readonly notBeforeMs: number | null;
  readonly startedAtMs: number | null;
  /** When IT asked to stop it, ms since the epoch. */
  readonly killAtMs: number | null;
  readonly pid: number | null;
  readonly pidStart: string | null;
}

export type OpenState = Exclude<RunState, 'finished'>;

const OPEN_COLUMNS = `
  run, request_id AS requestId, result_id AS resultId, exec_id AS execId, manifest_id AS manifestId, run_as AS runAs, state,
  source, subject, received_at AS receivedAtMs, not_before AS notBeforeMs, started_at AS startedAtMs, kill_at AS killAtMs,
  pid, pid_start AS pidStart`;

const runsWhere = (where: string) => `SELECT run FROM runs WHERE state <> 'finished' AND ${where} ORDER BY run LIMIT ?`;

/** Exported for its test: it is asked with each command that comes, whatever number of others waits. */
export const TO_GATE = runsWhere(`state = 'admitted' AND waits_retry IS NULL AND run > ?`);

export class Inbox {
  readonly #group: GroupCommit;
  readonly #open: Statement;
  readonly #get: Statement;
  readonly #inState: Statement;
  readonly #toGate: Statement;
  readonly #forUsers: Statement;
  readonly #killed: Statement;
  readonly #waiting: Statement;
  readonly #dottedExec: Statement;
  readonly #requeue: Statement;
  readonly #newest: Statement;
  readonly #scriptRead: Statement;
  readonly #body: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#open = db.prepare(
      `SELECT ${OPEN_COLUMNS} FROM runs WHERE state <> 'finished' AND run > ? ORDER BY run LIMIT ?`,
    );
    this.#get = db.prepare(`SELECT ${OPEN_COLUMNS} FROM runs WHERE run = ? AND state <> 'finished'`);
    const numbers = (where: string) => db.prepare(runsWhere(where)).pluck();
    this.#inState = numbers('state = ? AND run > ?');
    this.#toGate = db.prepare(TO_GATE).pluck();
    this.#forUsers = numbers(`state = 'waiting_user' AND run_as = ? AND run > ?`);
    this.#killed = numbers(`kill_at IS NOT NULL AND state <> 'running' AND run > ?`);
    this.#waiting = db.prepare(`SELECT 1 FROM runs WHERE state <> 'finished' AND state <> 'running' LIMIT 1`);
    this.#dottedExec = db.prepare(
      `SELECT 1 FROM runs WHERE state <> 'finished' AND exec_id IS NOT NULL AND instr(exec_id, '.') > 0 LIMIT 1`,
    );
    this.#requeue = db.prepare(`
      UPDATE runs SET state = 'admitted' WHERE run IN (SELECT run FROM runs
        WHERE state <> 'finished' AND state NOT IN ('admitted', 'running') LIMIT ?)`);
    this.#newest = db.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'runs'`).pluck();
    this.#scriptRead = db.prepare('SELECT script_read FROM runs WHERE run = ?').pluck();
    this.#body = db.prepare('SELECT body FROM commands WHERE run = ?').pluck();
  }

  /** Up to `limit` runs that are not finished, in order of arrival, from the one after `afterRun` on. */
  open(limit: number, afterRun = 0): OpenRun[] {
    return this.#open.all(afterRun, limit) as OpenRun[];
  }

  /** One run that is not finished. */
  get(run: RunId): OpenRun | undefined {
    return this.#get.get(run) as OpenRun | undefined;
  }

  /** The numbers of up to `limit` runs in this state, in order of arrival, from the one after `after` on, as in those below. */
  inState(state: OpenState, limit: number, after = 0): RunId[] {
    return this.#inState.all(state, after, limit) as RunId[];
  }

  /** The numbers of up to `limit` runs that were admitted, in order of arrival; but those that wait to be tried again (`waits`). */
  toGate(limit: number, after = 0): RunId[] {
    return this.#toGate.all(after, limit) as RunId[];
  }

  /** The numbers of up to `limit` runs that wait for somebody to sign in, to run as this account. */
  waitingForUser(runAs: string, limit: number, after = 0): RunId[] {
    return this.#forUsers.all(runAs, after, limit) as RunId[];
  }

  /** The numbers of up to `limit` runs that IT wants stopped and that have not started. */
  killed(limit: number, after = 0): RunId[] {
    return this.#killed.all(after, limit) as RunId[];
  }

  /** Whether something is open that does not run. */
  hasWaiting(): boolean {
    return this.#waiting.get() !== undefined;
  }

  /** Whether an open run belongs to an execution whose id has a dot: a wildcard of one token does not cover its kill. */
  hasDottedExec(): boolean {
    return this.#dottedExec.get() !== undefined;
  }

  /** The highest number that was ever given; 0: none was. */
  newestRun(): number {
    return (this.#newest.get() as number | undefined) ?? 0;
  }

  /** So many bytes of its script have come from the object store at most; null: it is in the command, or nobody has asked. */
  scriptReadBytes(run: number): number | null {
    return (this.#scriptRead.get(run) as number | null | undefined) ?? null;
  }

  /** The command exactly as it came. */
  body(run: RunId): Uint8Array {
    const body = this.#body.get(run) as Buffer | undefined;
    if (body === undefined) throw new Error(`run ${run} has no command`);
    return body;
  }

  /** Up to `limit` runs that wait, put back to the gates: the world may have changed while nothing ran. Returns how many. */
  requeue(limit: number): Promise<number> {
    return this.#group.submit(() => this.#requeue.run(limit).changes);
  }
}
