/**
 * The life of a command in the store: admitted once per `request_id`, moved forward, ended in exactly one terminal row
 * whose result is queued in the same transaction (invariants 1–3).
 */
import { randomUUID } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import type { Reason, RunState, Source } from '../../shared/states.ts';
import type { GroupCommit } from './group-commit.ts';
import type { OutboxItem } from './outbox.ts';

/** A command as it came in, decoded as far as it could be. All times are ms since the epoch. */
export interface Arrival {
  /** null where the message held no usable one. */
  readonly requestId: string | null;
  readonly execId: string | null;
  readonly manifestId: string | null;
  readonly version: string | null;
  readonly shell: string | null;
  readonly runAs: string | null;
  readonly timeoutSecs: number | null;
  readonly source: Source;
  readonly subject: string;
  readonly receivedAtMs: number;
  /** SHA-256 of `body`. */
  readonly fingerprint: Uint8Array;
  readonly body: Uint8Array;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly run: number; readonly resultId: string }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'conflict'; readonly recorded: boolean };

export interface CapturedText {
  readonly text: string;
  readonly totalBytes: number;
  readonly cut: boolean;
}

/** How a run ended, and what of it goes to the fleet (null: nothing is published, design §2). */
export interface Ending {
  readonly reason: Reason;
  readonly exitCode: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number;
  readonly stdout: CapturedText;
  readonly stderr: CapturedText;
  /** What the gates saw, as JSON text, for the helpdesk. */
  readonly facts: string | null;
  /** One line that says more than the reason does (a decode error, a spawn failure). */
  readonly detail: string | null;
  readonly outbox: OutboxItem | null;
}

/** An end that is on the disk. */
export interface EndedRun {
  readonly run: number;
  readonly reason: Reason;
  readonly exitCode: number | null;
}

export const NO_TEXT: CapturedText = { text: '', totalBytes: 0, cut: false };

/** A run that is not finished. Its body is read apart, when it is needed: it may be large, and there may be many. */
export interface OpenRun {
  readonly run: number;
  readonly requestId: string;
  readonly resultId: string;
  readonly execId: string | null;
  readonly manifestId: string | null;
  readonly state: RunState;
  readonly source: Source;
  readonly subject: string;
  readonly receivedAtMs: number;
  readonly notBeforeMs: number | null;
  readonly startedAtMs: number | null;
  /** When IT asked to stop it, ms since the epoch. */
  readonly killAtMs: number | null;
  readonly pid: number | null;
  readonly pidStart: string | null;
}

export class Runs {
  readonly #group: GroupCommit;
  readonly #ledgerGet: Statement;
  readonly #ledgerPut: Statement;
  readonly #insert: Statement;
  readonly #insertBody: Statement;
  readonly #advance: Statement;
  readonly #started: Statement;
  readonly #process: Statement;
  readonly #finish: Statement;
  readonly #output: Statement;
  readonly #enqueue: Statement;
  readonly #title: Statement;
  readonly #open: Statement;
  readonly #body: Statement;
  readonly #kill: Statement;
  readonly #listeners = new Set<(ended: EndedRun) => void>();

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#ledgerGet = db.prepare('SELECT fingerprint FROM ledger WHERE request_id = ?');
    this.#ledgerPut = db.prepare('INSERT INTO ledger (request_id, fingerprint, received_at, run) VALUES (?, ?, ?, ?)');
    this.#insert = db.prepare(`
      INSERT INTO runs (request_id, result_id, exec_id, manifest_id, version, source, subject, shell, run_as,
        timeout_secs, received_at, state)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'admitted')`);
    this.#insertBody = db.prepare('INSERT INTO commands (run, body) VALUES (?, ?)');
    this.#advance = db.prepare('UPDATE runs SET state = ?, not_before = coalesce(?, not_before) WHERE run = ?');
    this.#started = db.prepare(
      `UPDATE runs SET state = 'running', decided_at = ?, started_at = ?, run_as_user = ?, facts = ? WHERE run = ? AND state <> 'finished'`,
    );
    this.#process = db.prepare('UPDATE runs SET pid = ?, pid_start = ? WHERE run = ?');
    this.#finish = db.prepare(`
      UPDATE runs SET state = 'finished', reason = ?, exit_code = ?, started_at = coalesce(?, started_at),
        decided_at = coalesce(decided_at, ?), finished_at = ?, facts = coalesce(?, facts), detail = ?
      WHERE run = ? AND state <> 'finished'`);
    this.#output = db.prepare(
      'INSERT OR REPLACE INTO outputs (run, stream, body, total_bytes, cut) VALUES (?, ?, ?, ?, ?)',
    );
    this.#enqueue = db.prepare(
      'INSERT INTO outbox (kind, id, subject, body, run, queued_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO NOTHING',
    );
    this.#title = db.prepare('UPDATE runs SET title = ? WHERE run = ?');
    this.#open = db.prepare(`
      SELECT run, request_id AS requestId, result_id AS resultId, exec_id AS execId, manifest_id AS manifestId, state,
        source, subject, received_at AS receivedAtMs, not_before AS notBeforeMs, started_at AS startedAtMs,
        kill_at AS killAtMs, pid, pid_start AS pidStart
      FROM runs WHERE state <> 'finished' AND run > ? ORDER BY run LIMIT ?`);
    this.#body = db.prepare('SELECT body FROM commands WHERE run = ?').pluck();
    this.#kill = db.prepare(
      `UPDATE runs SET kill_at = ? WHERE state <> 'finished' AND exec_id = ? AND kill_at IS NULL RETURNING run`,
    );
  }

  /**
   * Records a command. With `ending` it is recorded as already ended (it could not be read, scripts are off): admission,
   * terminal row and result are then one transaction. `ending` gets the new result id, so that both carry it.
   */
  async admit(arrival: Arrival, ending?: (resultId: string) => Ending): Promise<Admission> {
    const ended: EndedRun[] = [];
    const admission = await this.#group.submit(() => this.#admitNow(arrival, ending, ended));
    for (const one of ended) this.#tell(one);
    return admission;
  }

  #admitNow(arrival: Arrival, ending: ((resultId: string) => Ending) | undefined, ended: EndedRun[]): Admission {
    const key = arrival.requestId ?? anonymousKey(arrival.fingerprint);
    const known = this.#ledgerGet.get(key) as { fingerprint: Buffer } | undefined;
    if (known !== undefined) {
      if (known.fingerprint.equals(arrival.fingerprint)) return { kind: 'duplicate' };
      return { kind: 'conflict', recorded: this.#recordConflict(arrival, ended) };
    }
    const resultId = randomUUID();
    const run = this.#insertRun(arrival, resultId);
    this.#ledgerPut.run(key, arrival.fingerprint, arrival.receivedAtMs, run);
    if (ending !== undefined) this.#finishAtOnce(run, ending(resultId), ended);
    return { kind: 'admitted', run, resultId };
  }

  /** A known id with other bytes: shown here once, published never (the id already has its one result). */
  #recordConflict(arrival: Arrival, ended: EndedRun[]): boolean {
    const key = anonymousKey(arrival.fingerprint);
    if (this.#ledgerGet.get(key) !== undefined) return false;
    const run = this.#insertRun(arrival, null);
    this.#ledgerPut.run(key, arrival.fingerprint, arrival.receivedAtMs, run);
    const conflict = {
      reason: 'CONFLICT',
      exitCode: null,
      startedAtMs: null,
      finishedAtMs: arrival.receivedAtMs,
      stdout: NO_TEXT,
      stderr: NO_TEXT,
      facts: null,
      detail: null,
      outbox: null,
    } as const;
    this.#finishAtOnce(run, conflict, ended);
    return true;
  }

  #finishAtOnce(run: number, ending: Ending, ended: EndedRun[]): void {
    this.#finishNow(run, ending);
    ended.push({ run, reason: ending.reason, exitCode: ending.exitCode });
  }

  #insertRun(arrival: Arrival, resultId: string | null): number {
    const { lastInsertRowid } = this.#insert.run(
      arrival.requestId,
      resultId,
      arrival.execId,
      arrival.manifestId,
      arrival.version,
      arrival.source,
      arrival.subject,
      arrival.shell,
      arrival.runAs,
      arrival.timeoutSecs,
      arrival.receivedAtMs,
    );
    const run = Number(lastInsertRowid);
    this.#insertBody.run(run, arrival.body);
    return run;
  }

  /** Notes a waiting state; `notBeforeMs` is kept once set, also over a restart (invariant 4). */
  advance(run: number, state: RunState, notBeforeMs: number | null = null): Promise<void> {
    return this.#group.submit(() => void this.#advance.run(state, notBeforeMs, run));
  }

  /** Must be on disk before anything of the script exists: from here on the run is never started again. */
  start(run: number, at: { startedAtMs: number; runAsUser: string | null; facts: string | null }): Promise<boolean> {
    return this.#group.submit(
      () => this.#started.run(at.startedAtMs, at.startedAtMs, at.runAsUser, at.facts, run).changes === 1,
    );
  }

  /**
   * What the next start needs to end the leftovers of an interrupted run. Not worth a commit of its own: without it they
   * are found by their marker alone.
   */
  process(run: number, pid: number, pidStart: string | null): Promise<void> {
    return this.#group.submitLazily(() => void this.#process.run(pid, pidStart, run));
  }

  /** Ends the run and queues its result, in one transaction. False: it had already ended; nothing was changed. */
  async finish(run: number, ending: Ending): Promise<boolean> {
    const done = await this.#group.submit(() => this.#finishNow(run, ending));
    if (done) this.#tell({ run, reason: ending.reason, exitCode: ending.exitCode });
    return done;
  }

  /** Calls `listener` after each end that is on the disk; returns how to end that. */
  onEnded(listener: (ended: EndedRun) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(ended: EndedRun): void {
    for (const listener of this.#listeners) listener(ended);
  }

  #finishNow(run: number, ending: Ending): boolean {
    const { changes } = this.#finish.run(
      ending.reason,
      ending.exitCode,
      ending.startedAtMs,
      ending.finishedAtMs,
      ending.finishedAtMs,
      ending.facts,
      ending.detail,
      run,
    );
    if (changes === 0) return false;
    for (const [stream, captured] of [
      ['stdout', ending.stdout],
      ['stderr', ending.stderr],
    ] as const) {
      if (captured.totalBytes > 0) {
        this.#output.run(run, stream, captured.text, captured.totalBytes, captured.cut ? 1 : 0);
      }
    }
    const item = ending.outbox;
    if (item !== null) this.#enqueue.run(item.kind, item.id, item.subject, item.body, run, ending.finishedAtMs);
    return true;
  }

  /** The name shown for the run; best effort, may come after the admission (design §5). */
  setTitle(run: number, title: string): Promise<void> {
    return this.#group.submit(() => void this.#title.run(title, run));
  }

  /** Up to `limit` runs after `run` that are not finished, in order of arrival. */
  open(afterRun: number, limit: number): OpenRun[] {
    return this.#open.all(afterRun, limit) as OpenRun[];
  }

  /** The command exactly as it came. */
  body(run: number): Uint8Array {
    const body = this.#body.get(run) as Buffer | undefined;
    if (body === undefined) throw new Error(`run ${run} has no command`);
    return body;
  }

  /**
   * Notes on every open run of the execution that IT wants it stopped, and returns them. Commands that arrived before
   * are admitted before, since writes keep their order: a kill can't slip between arrival and admission (D9).
   */
  kill(execId: string, atMs: number): Promise<number[]> {
    return this.#group.submit(() => this.#kill.all(atMs, execId).map((row) => (row as { run: number }).run));
  }
}

/** The ledger key of a message without a usable id. A real id never begins with a blank. */
function anonymousKey(fingerprint: Uint8Array): string {
  return ` ${Buffer.from(fingerprint).toString('hex')}`;
}
