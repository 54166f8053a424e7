/**
 * What the store knows of the schedules that this PC fires itself: which run is whose, what was last left out, and at which start
 * of the system one was fired for it. Everything that decides whether a schedule may fire again is written in the transaction of
 * the admission, or of the end, that it belongs to.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { RunId } from '../../shared/ids.ts';
import type { Reason } from '../../shared/outcomes.ts';
import type { RunState } from '../../shared/states.ts';
import type { GroupCommit } from './group-commit.ts';

export interface Fire {
  readonly scheduleId: string;
  /** Fired for this start of the system, and not again in it; null: for a time. */
  readonly boot: string | null;
}

/** The newest run of a schedule. Times are ms since the epoch. */
export interface ScheduleRun {
  readonly run: RunId;
  readonly state: RunState;
  readonly reason: Reason | null;
  readonly exitCode: number | null;
  readonly atMs: number;
}

/** The newest fire that was left out. */
export interface Skipped {
  readonly why: string;
  readonly note: string | null;
  readonly atMs: number;
  /** In a row, since the last run. */
  readonly count: number;
}

export class ScheduleRuns {
  readonly #group: GroupCommit;
  readonly #isRunning: Statement;
  readonly #bind: Statement;
  readonly #fired: Statement;
  readonly #boot: Statement;
  readonly #last: Statement;
  readonly #skipped: Statement;
  readonly #putSkipped: Statement;
  readonly #known: Statement;
  readonly #forget: readonly Statement[];

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#isRunning = db.prepare(`SELECT 1 FROM runs WHERE schedule_id = ? AND state <> 'finished' LIMIT 1`);
    this.#bind = db.prepare('UPDATE runs SET schedule_id = ? WHERE run = ?');
    this.#fired = db.prepare(`
      INSERT INTO schedule_state (schedule_id, boot) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET boot = coalesce(excluded.boot, boot), skipped_why = NULL, skipped_note = NULL,
        skipped_at = NULL, skips = 0`);
    this.#boot = db.prepare('SELECT boot FROM schedule_state WHERE schedule_id = ?').pluck();
    this.#last = db.prepare(`
      SELECT run, state, reason, exit_code AS exitCode, received_at AS atMs FROM runs
      WHERE schedule_id = ? ORDER BY run DESC LIMIT 1`);
    this.#skipped = db.prepare(`
      SELECT skipped_why AS why, skipped_note AS note, skipped_at AS atMs, skips AS count FROM schedule_state
      WHERE schedule_id = ? AND skipped_why IS NOT NULL`);
    this.#putSkipped = db.prepare(`
      INSERT INTO schedule_state (schedule_id, skipped_why, skipped_note, skipped_at, skips) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET skipped_why = excluded.skipped_why, skipped_note = excluded.skipped_note,
        skipped_at = excluded.skipped_at, skips = excluded.skips`);
    this.#known = db
      .prepare(`
      SELECT schedule_id FROM schedule_state UNION SELECT schedule_id FROM completions WHERE schedule_id <> ''
      UNION SELECT schedule_id FROM completed_versions`)
      .pluck();
    this.#forget = [
      'DELETE FROM schedule_state WHERE schedule_id = ?',
      'DELETE FROM completions WHERE schedule_id = ?',
      'DELETE FROM completed_versions WHERE schedule_id = ?',
      // What still runs of it is no success of a schedule of that name that may come later.
      `UPDATE runs SET schedule_id = NULL WHERE schedule_id = ? AND state <> 'finished'`,
    ].map((sql) => db.prepare(sql));
  }

  /** A run of it has not ended. */
  isRunning(scheduleId: string): boolean {
    return this.#isRunning.get(scheduleId) !== undefined;
  }

  /** Inside the transaction of an admission. */
  fired(run: RunId, { scheduleId, boot }: Fire): void {
    this.#bind.run(scheduleId, run);
    this.#fired.run(scheduleId, boot);
  }

  /** The start of the system for which it was fired last. */
  lastBoot(scheduleId: string): string | null {
    return (this.#boot.get(scheduleId) as string | null | undefined) ?? null;
  }

  last(scheduleId: string): ScheduleRun | undefined {
    return this.#last.get(scheduleId) as ScheduleRun | undefined;
  }

  skipped(scheduleId: string): Skipped | undefined {
    return this.#skipped.get(scheduleId) as Skipped | undefined;
  }

  /** Not worth a commit of its own. */
  noteSkipped(scheduleId: string, { why, note, atMs, count }: Skipped): Promise<void> {
    return this.#group.submitLazily(() => void this.#putSkipped.run(scheduleId, why, note, atMs, count));
  }

  /** Every schedule of which something is remembered. */
  known(): readonly string[] {
    return this.#known.all() as string[];
  }

  /** It was deleted: one that is made under its name later is another one (D29). */
  forget(scheduleId: string): Promise<void> {
    return this.#group.submit(() => {
      for (const statement of this.#forget) statement.run(scheduleId);
    });
  }
}
