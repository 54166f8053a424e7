/**
 * The life of a command in the store: admitted once per `request_id`, moved forward, ended in exactly one terminal row
 * whose result is queued in the same transaction (invariants 1–3).
 */
import { randomUUID } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import { newResultId, type RequestId, type ResultId, type RunId } from '../../shared/ids.ts';
import type { Reason } from '../../shared/outcomes.ts';
import type { RunState, Source } from '../../shared/states.ts';
import type { Completions } from './completions.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Kills } from './kills.ts';
import { Ledger } from './ledger.ts';
import { isNamelessKey, namelessKey, refusedKey, shownOf } from './nameless.ts';
import { type OutboxItem, prepareOutboxPut } from './outbox.ts';
import { type CapturedText, NO_TEXT, OutputWriter } from './outputs.ts';
import type { Fire, ScheduleRuns } from './schedule-runs.ts';
import type { Wait, Waits } from './waits.ts';

/** A command as it came in, decoded as far as it could be. All times are ms since the epoch. */
export interface Arrival {
  /** null where the message held no usable one. */
  readonly requestId: RequestId | null;
  readonly execId: string | null;
  readonly manifestId: string | null;
  readonly version: string | null;
  readonly shell: string | null;
  readonly runAs: string | null;
  readonly timeoutSecs: number | null;
  /** `bypass_local_limit`: it runs beside the slots. */
  readonly bypass?: boolean;
  /** What was found of its signature, and the key that it names; absent or null: not checked. */
  readonly signature?: { readonly state: string; readonly kid: string | null } | null;
  readonly source: Source;
  readonly subject: string;
  readonly receivedAtMs: number;
  /** The same moment by the broker's clock, ms since the epoch; null: not known. Ages are told by it alone. */
  readonly serverAtMs: number | null;
  /** SHA-256 of `body`. */
  readonly fingerprint: Uint8Array;
  readonly body: Uint8Array;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly run: RunId; readonly resultId: ResultId }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'conflict'; readonly recorded: boolean };

/** How a run ended, and what of it goes to the fleet (null: nothing is published, architecture §3). */
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

/** `read`: its script lies in the object store, and so many bytes of it have come. The most that ever came is kept. */
export type Note = Wait | { readonly kind: 'read'; readonly bytes: number };

/** An end that is on the disk. */
export interface EndedRun {
  readonly run: RunId;
  readonly reason: Reason;
  readonly exitCode: number | null;
}

/** What an admission did, and the end that it brought with it; both in one transaction. */
interface Admitted {
  readonly admission: Admission;
  readonly ended: EndedRun | null;
}

/** What is written together with a run. */
export interface RunParts {
  readonly kills: Kills;
  readonly waits: Waits;
  readonly completions: Completions;
  readonly scheduleRuns: ScheduleRuns;
}

/** `fired_before`: for this time already. `still_running`: a run of the schedule has not ended. */
export type FireAdmission =
  | { readonly kind: 'admitted'; readonly run: RunId; readonly resultId: ResultId }
  | { readonly kind: 'fired_before' }
  | { readonly kind: 'still_running' };

export class Runs {
  readonly #group: GroupCommit;
  readonly #kills: Kills;
  readonly #waits: Waits;
  readonly #completions: Completions;
  readonly #schedules: ScheduleRuns;
  readonly #ledger: Ledger;
  readonly #insert: Statement;
  readonly #insertBody: Statement;
  readonly #isAnswered: Statement;
  readonly #advance: Statement;
  readonly #scriptRead: Statement;
  readonly #started: Statement;
  readonly #process: Statement;
  readonly #finish: Statement;
  readonly #outputs: OutputWriter;
  readonly #enqueue: Statement;
  readonly #title: Statement;
  readonly #listeners = new Set<(ended: EndedRun) => void>();

  constructor(db: Database, group: GroupCommit, parts: RunParts) {
    this.#group = group;
    this.#kills = parts.kills;
    this.#waits = parts.waits;
    this.#completions = parts.completions;
    this.#schedules = parts.scheduleRuns;
    this.#ledger = new Ledger(db);
    this.#insert = db.prepare(`
      INSERT INTO runs (request_id, result_id, exec_id, manifest_id, version, source, subject, shell, run_as,
        timeout_secs, received_at, server_at, bypass, kill_at, signature, signed_by, state)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'admitted')`);
    this.#insertBody = db.prepare('INSERT INTO commands (run, body) VALUES (?, ?)');
    this.#isAnswered = db.prepare('SELECT 1 FROM runs WHERE result_id = ? LIMIT 1');
    this.#advance = db.prepare(
      `UPDATE runs SET state = ?, not_before = coalesce(not_before, ?) WHERE run = ? AND state <> 'finished'`,
    );
    this.#scriptRead = db.prepare('UPDATE runs SET script_read = max(coalesce(script_read, 0), ?) WHERE run = ?');
    this.#started = db.prepare(
      `UPDATE runs SET state = 'running', decided_at = ?, started_at = ?, run_as_user = ?, facts = ? WHERE run = ? AND state <> 'finished'`,
    );
    this.#process = db.prepare('UPDATE runs SET pid = ?, pid_start = ? WHERE run = ?');
    this.#finish = db.prepare(`
      UPDATE runs SET state = 'finished', reason = ?, exit_code = ?, started_at = coalesce(?, started_at),
        decided_at = coalesce(decided_at, ?), finished_at = ?, facts = coalesce(?, facts), detail = ?
      WHERE run = ? AND state <> 'finished'`);
    this.#outputs = new OutputWriter(db, group);
    this.#enqueue = prepareOutboxPut(db);
    this.#title = db.prepare('UPDATE runs SET title = ? WHERE run = ?');
  }

  /**
   * Records a command. With `ending` it is recorded as already ended (it could not be read, scripts are off): admission,
   * terminal row and result are then one transaction. `ending` gets the new result id, so that both carry it.
   */
  async admit(arrival: Arrival, ending?: (resultId: ResultId) => Ending): Promise<Admission> {
    const { admission, ended } = await this.#group.submit(() => this.#admitNow(arrival, ending));
    if (ended !== null) this.#tell(ended);
    return admission;
  }

  /**
   * Records a command that a schedule of this PC has fired: as {@link admit}, but once for each request id, whatever became of its
   * job in between, and only while no other run of the schedule is open.
   */
  async admitFire(arrival: Arrival & { readonly requestId: RequestId }, fire: Fire): Promise<FireAdmission> {
    return this.#group.submit((): FireAdmission => {
      if (this.#ledger.has(arrival.requestId)) return { kind: 'fired_before' };
      if (this.#schedules.isRunning(fire.scheduleId)) return { kind: 'still_running' };
      const resultId = newResultId(randomUUID());
      const run = this.#insertRun(arrival, resultId, arrival.requestId);
      this.#schedules.fired(run, fire);
      return { kind: 'admitted', run, resultId };
    });
  }

  #admitNow(arrival: Arrival, ending: ((resultId: ResultId) => Ending) | undefined): Admitted {
    const key = arrival.requestId ?? namelessKey(arrival.fingerprint);
    const seen = this.#ledger.compare(key, arrival.fingerprint);
    if (seen === 'same') return { admission: { kind: 'duplicate' }, ended: null };
    if (seen === 'other') return this.#recordConflict(arrival);
    const resultId = newResultId(randomUUID());
    const run = this.#insertRun(arrival, resultId, key);
    const ended = ending === undefined ? null : this.#finishAtOnce(run, ending(resultId));
    return { admission: { kind: 'admitted', run, resultId }, ended };
  }

  /**
   * Records a message that is refused for its signature, once for each `fingerprint` of message and signature; false: it is recorded.
   * It never takes its `request_id`, which the command itself may still need: else whoever can send anything could keep commands away
   * (protocol §11.4). A copy of a command that is recorded is no other message, whatever key or time has gone since. `ending` gets the id of its result; null: there is none to give, the message names nobody, or its id has its
   * one result already.
   */
  async refuse(
    arrival: Arrival,
    { fingerprint, resultId }: { readonly fingerprint: Uint8Array; readonly resultId: ResultId | null },
    ending: (resultId: ResultId | null) => Ending,
  ): Promise<boolean> {
    const ended = await this.#group.submit(() => {
      const key = refusedKey(fingerprint);
      if (this.#ledger.has(key)) return null;
      const { requestId } = arrival;
      if (this.#ledger.isRecorded(requestId, arrival.fingerprint)) return null;
      const isOpen =
        requestId !== null &&
        resultId !== null &&
        !this.#ledger.has(requestId) &&
        this.#isAnswered.get(resultId) === undefined;
      const answer = isOpen ? resultId : null;
      return this.#finishAtOnce(this.#insertRun(arrival, answer, key), ending(answer));
    });
    if (ended !== null) this.#tell(ended);
    return ended !== null;
  }

  /** As {@link Ledger.isRecorded}. */
  isRecorded(requestId: RequestId | null, fingerprint: Uint8Array): boolean {
    return this.#ledger.isRecorded(requestId, fingerprint);
  }

  /** As {@link Ledger.wasRefused}. */
  wasRefused(fingerprint: Uint8Array): boolean {
    return this.#ledger.wasRefused(fingerprint);
  }

  /** A known id with other bytes: shown here once, published never (the id already has its one result). */
  #recordConflict(arrival: Arrival): Admitted {
    const key = namelessKey(arrival.fingerprint);
    if (this.#ledger.has(key)) return { admission: { kind: 'conflict', recorded: false }, ended: null };
    const run = this.#insertRun(arrival, null, key);
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
    return { admission: { kind: 'conflict', recorded: true }, ended: this.#finishAtOnce(run, conflict) };
  }

  #finishAtOnce(run: RunId, ending: Ending): EndedRun {
    this.#finishNow(run, ending);
    return { run, reason: ending.reason, exitCode: ending.exitCode };
  }

  /** The row, its body and its place in the ledger. One whose execution IT has stopped already is born killed. */
  #insertRun(arrival: Arrival, resultId: ResultId | null, ledgerKey: string): RunId {
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
      whole(arrival.serverAtMs),
      arrival.bypass === true ? 1 : null,
      arrival.execId === null ? null : this.#kills.atMs(arrival.execId),
      arrival.signature?.state ?? null,
      arrival.signature?.kid ?? null,
    );
    const run = Number(lastInsertRowid) as RunId;
    this.#insertBody.run(run, isNamelessKey(ledgerKey) ? shownOf(arrival.body) : arrival.body);
    const { fingerprint, receivedAtMs } = arrival;
    this.#ledger.put(ledgerKey, { fingerprint, receivedAtMs, serverAtMs: whole(arrival.serverAtMs) }, run);
    return run;
  }

  /** Notes a waiting state. A wait of `askedMs` begins now, unless one of its kind has begun before (invariant 4). */
  advance(run: RunId, state: RunState, ...notes: readonly Note[]): Promise<void> {
    const waits = notes.filter((note) => note.kind !== 'read');
    const reads = notes.filter((note) => note.kind === 'read');
    const notBeforeMs = waits.find((wait) => wait.notBeforeMs !== undefined)?.notBeforeMs;
    return this.#group.submit(() => {
      this.#advance.run(state, notBeforeMs ?? null, run);
      if (state === 'waiting_slot') this.#waits.end(run, 'jitter');
      if (state !== 'admitted') this.#waits.end(run, 'retry');
      for (const wait of waits) this.#waits.begin(run, wait);
      for (const { bytes } of reads) this.#scriptRead.run(bytes, run);
    });
  }

  /**
   * Must be on disk before anything of the script exists: from here on the run is never started again. Its started event is
   * queued with it. False: it has ended meanwhile.
   */
  start(
    run: RunId,
    at: { startedAtMs: number; runAsUser: string | null; facts: string | null; event: OutboxItem | null },
  ): Promise<boolean> {
    return this.#group.submit(() => {
      const { changes } = this.#started.run(at.startedAtMs, at.startedAtMs, at.runAsUser, at.facts, run);
      if (changes === 1) this.#waits.endAll(run);
      if (changes === 1 && at.event !== null) this.#queue(at.event, run, at.startedAtMs);
      return changes === 1;
    });
  }

  /**
   * What the next start needs to end the leftovers of an interrupted run. Not worth a commit of its own: without it they
   * are found by their marker alone.
   */
  process(run: RunId, pid: number, pidStart: string | null): Promise<void> {
    return this.#group.submitLazily(() => void this.#process.run(pid, pidStart, run));
  }

  /**
   * Ends the run and queues its result, in one transaction; large output is stored before. False: it had already ended; nothing
   * was changed.
   */
  async finish(run: RunId, ending: Ending): Promise<boolean> {
    await this.#outputs.putLarge(run, ending);
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

  #finishNow(run: RunId, ending: Ending): boolean {
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
    this.#waits.endAll(run);
    if (ending.reason === 'DONE') this.#completions.completed(run, ending.finishedAtMs);
    this.#outputs.putRest(run, ending);
    if (ending.outbox !== null) this.#queue(ending.outbox, run, ending.finishedAtMs);
    return true;
  }

  #queue({ kind, id, subject, body }: OutboxItem, run: RunId, atMs: number): void {
    this.#enqueue.run(kind, id, subject, body, run, atMs);
  }

  /** The name shown for the run; best effort, may come after the admission (architecture §5). */
  setTitle(run: RunId, title: string): Promise<void> {
    return this.#group.submit(() => void this.#title.run(title, run));
  }
}

/** A time that was reckoned may have a fraction, and a column takes none. */
function whole(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
