/**
 * How long a run has to wait, by a clock that nobody sets and that goes on over a restart of the agent. Over a restart of the
 * system the wall clock says what is left, and never more than was asked for.
 */
import type { Database, Statement } from 'better-sqlite3';
import { loopTurn } from '../../base/loop-turn.ts';
import type { Timeline } from '../../base/timeline.ts';
import type { RunId } from '../../shared/ids.ts';
import type { RunState } from '../../shared/states.ts';
import type { GroupCommit } from './group-commit.ts';

/** `jitter`: before its start. `user`: at most until then, for somebody to sign in. `retry`: until its script is asked for again. */
type DueKind = 'jitter' | 'user' | 'retry';
/** `script`: what is left of the patience with a broker that does not give its script; see {@link Waits.span}. */
export type WaitKind = DueKind | 'script';

export interface Wait {
  readonly kind: WaitKind;
  readonly askedMs: number;
  /** It begins now, also where one of its kind has begun before. */
  readonly restart?: boolean;
  /** When a jitter is over, for people; ms since the epoch. */
  readonly notBeforeMs?: number;
}

/** A wait as it was noted last, and what is left of it by now, ms. */
export interface Span {
  readonly askedMs: number;
  readonly leftMs: number;
}

const LAST_RUN = Number.MAX_SAFE_INTEGER;
const TIDY_ROWS = 1_000;
/** So many are made due together. */
const HASTEN_STEP = 1_000;

export class Waits {
  readonly #group: GroupCommit;
  readonly #timeline: Timeline;
  readonly #put: Statement;
  readonly #get: Statement;
  readonly #span: Statement;
  readonly #hasten: Statement;
  readonly #mark: Statement;
  readonly #unmark: Statement;
  readonly #end: Statement;
  readonly #endAll: Statement;
  readonly #due: Statement;
  readonly #next: Statement;
  readonly #foreign: Statement;
  readonly #rebase: Statement;
  readonly #ofOldRelease: Statement;
  readonly #ended: Statement;
  readonly #openUpTo: Statement;
  /** What an older release left of the runs up to this one is settled. */
  #tidiedTo = 0;

  constructor(db: Database, group: GroupCommit, timeline: Timeline) {
    this.#group = group;
    this.#timeline = timeline;
    this.#put = db.prepare(
      'INSERT INTO waits (run, kind, until_up, boot, until_at, asked_ms) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#mark = db.prepare('UPDATE runs SET waits_retry = 1 WHERE run = ? AND waits_retry IS NULL');
    this.#unmark = db.prepare('UPDATE runs SET waits_retry = NULL WHERE run = ? AND waits_retry IS NOT NULL');
    this.#end = db.prepare('DELETE FROM waits WHERE run = ? AND kind = ?');
    this.#endAll = db.prepare('DELETE FROM waits WHERE run = ?');
    this.#get = db.prepare('SELECT until_up FROM waits WHERE run = ? AND kind = ?').pluck();
    this.#span = db.prepare('SELECT until_up AS untilUp, asked_ms AS askedMs FROM waits WHERE run = ? AND kind = ?');
    this.#hasten = db.prepare(`
      UPDATE waits SET until_up = @upMs WHERE kind = 'retry' AND run IN (SELECT run FROM waits
        WHERE kind = 'retry' AND until_up > @upMs LIMIT ${HASTEN_STEP})`);
    this.#due = db
      .prepare(`
      SELECT runs.run FROM waits JOIN runs USING (run)
      WHERE waits.kind = ? AND until_up <= ? AND runs.state = ? AND runs.state <> 'finished' AND +runs.run > ?
      ORDER BY until_up LIMIT ?`)
      .pluck();
    this.#next = db
      .prepare(`
      SELECT until_up FROM waits JOIN runs USING (run)
      WHERE waits.kind = ? AND until_up > ? AND runs.state = ? AND runs.state <> 'finished' ORDER BY until_up LIMIT 1`)
      .pluck();
    // Also one that would have begun in the future: starts of a container all have the name of its host's.
    this.#foreign = db.prepare(`
      SELECT run, kind, until_at AS untilAtMs, asked_ms AS askedMs FROM waits
      WHERE boot IS NOT ? OR until_up - asked_ms > ? LIMIT ?`);
    // The release before keeps the end of a jitter in the run itself, and ends a run without its waits.
    this.#ofOldRelease = db.prepare(`
      INSERT INTO waits (run, kind, until_up, boot, until_at, asked_ms)
      SELECT run, 'jitter', 0, NULL, not_before, max(0, not_before - received_at) FROM runs
      WHERE run > ? AND run <= ? AND state IN ('admitted', 'waiting_jitter') AND not_before IS NOT NULL ON CONFLICT DO NOTHING`);
    this.#ended = db.prepare(`
      DELETE FROM waits WHERE run > ? AND run <= ?
        AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.run = waits.run AND runs.state <> 'finished')`);
    this.#openUpTo = db
      .prepare(
        `SELECT max(run) FROM (SELECT run FROM runs WHERE run > ? AND state <> 'finished' ORDER BY run LIMIT ${TIDY_ROWS})`,
      )
      .pluck();
    this.#rebase = db.prepare('UPDATE waits SET until_up = ?, boot = ?, asked_ms = ? WHERE run = ? AND kind = ?');
  }

  /** Inside a transaction: notes a wait from now on; the first one of its kind stays, unless this one begins again. */
  begin(run: RunId, { kind, askedMs, restart = false }: Wait): void {
    const { upMs, wallMs, boot } = this.#timeline.now();
    if (restart) this.#end.run(run, kind);
    this.#put.run(run, kind, upMs + askedMs, boot, wallMs + askedMs, askedMs);
    // From here on it is found by its wait alone (`Inbox.toGate`).
    if (kind === 'retry') this.#mark.run(run);
  }

  /** Inside a transaction: it is over, and was used. */
  end(run: RunId, kind: WaitKind): void {
    const { changes } = this.#end.run(run, kind);
    // Else it would be found by nothing once it is put back to the gates.
    if (changes > 0 && kind === 'retry') this.#unmark.run(run);
  }

  /** Inside a transaction: the run has started, or ended. */
  endAll(run: RunId): void {
    if (this.#endAll.run(run).changes > 0) this.#unmark.run(run);
  }

  /** What is left of it, ms; at most 0: it is over; null: there is none. */
  leftMs(run: RunId, kind: WaitKind): number | null {
    const untilUp = this.#get.get(run, kind) as number | undefined;
    return untilUp === undefined ? null : untilUp - this.#timeline.clock.upMs();
  }

  /**
   * The same with what was asked for. Of `script` no time counts that passed while the system was down, since nobody asked then: it
   * is noted again by who counts it.
   */
  span(run: RunId, kind: WaitKind): Span | null {
    const row = this.#span.get(run, kind) as { untilUp: number; askedMs: number } | undefined;
    return row === undefined ? null : { askedMs: row.askedMs, leftMs: row.untilUp - this.#timeline.clock.upMs() };
  }

  /** What waits to be asked for again is due now; in steps, since very many may wait. */
  async retryNow(): Promise<void> {
    const { upMs } = this.#timeline.now();
    // A connection need not cost a commit.
    if (this.nextDueUpMs('retry', upMs) === Number.POSITIVE_INFINITY) return;
    const step = () => this.#group.submit(() => this.#hasten.run({ upMs }).changes);
    while ((await step()) === HASTEN_STEP) await loopTurn();
  }

  /** Up to `limit` runs, of those after `after`, whose wait was over at `upMs`, the longest over first. */
  due(kind: DueKind, upMs: number, limit: number, after = 0): RunId[] {
    return this.#due.all(kind, upMs, STATE_OF[kind], after, limit) as RunId[];
  }

  /**
   * When the next wait is over that was not at `upMs`; Infinity: none waits. Asked with the moment of {@link due}: what fell
   * between two moments would be in neither answer.
   */
  nextDueUpMs(kind: DueKind, upMs: number): number {
    return (this.#next.get(kind, upMs, STATE_OF[kind]) as number | undefined) ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Brings up to `limit` waits of an earlier start of the system over to this one, and what an older release left of some more. 0:
   * that was all of it.
   */
  async adopt(limit: number): Promise<number> {
    const from = this.#tidiedTo;
    const { upTo, adopted } = await this.#group.submit(() => ({ upTo: this.#tidy(from), adopted: this.#adopt(limit) }));
    this.#tidiedTo = upTo;
    return upTo === LAST_RUN ? adopted : adopted + 1;
  }

  #tidy(from: number): number {
    if (from === LAST_RUN) return from;
    const upTo = (this.#openUpTo.get(from) as number | null) ?? LAST_RUN;
    this.#ended.run(from, upTo);
    this.#ofOldRelease.run(from, upTo);
    return upTo;
  }

  #adopt(limit: number): number {
    const { upMs, wallMs, boot } = this.#timeline.now();
    const rows = this.#foreign.all(boot, upMs, limit) as {
      run: RunId;
      kind: WaitKind;
      untilAtMs: number;
      askedMs: number;
    }[];
    for (const { run, kind, untilAtMs, askedMs } of rows) {
      const leftMs = kind === 'script' ? askedMs : Math.min(askedMs, Math.max(0, untilAtMs - wallMs));
      this.#rebase.run(upMs + leftMs, boot, leftMs, run, kind);
    }
    return rows.length;
  }
}

/** The state of a run that is to be taken up when its wait is over. */
const STATE_OF: Readonly<Record<DueKind, RunState>> = {
  jitter: 'waiting_jitter',
  user: 'waiting_user',
  retry: 'admitted',
};
