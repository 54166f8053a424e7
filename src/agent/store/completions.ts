/** What has succeeded here, for schedules that want a job done once, or once in a while. */
import type { Database, Statement } from 'better-sqlite3';
import type { RunId } from '../../shared/ids.ts';
import { DIRECT_TASK } from '../../shared/run-title.ts';
import type { GroupCommit } from './group-commit.ts';

export interface Completion {
  /** Empty: the job's newest success, whatever had started it. */
  readonly scheduleId: string;
  readonly jobId: string;
  readonly atMs: number;
}

/** So many jobs are remembered beside those of schedules. */
const JOBS_KEPT = 2_000;

/** When a local schedule's job, and any job at all, last succeeded on this PC (protocol §6.1). */
export class Completions {
  readonly #group: GroupCommit;
  readonly #put: Statement;
  readonly #completed: Statement;
  readonly #completedVersion: Statement;
  readonly #get: Statement;
  readonly #version: Statement;
  readonly #all: Statement;
  readonly #prune: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#put = db.prepare(`
      INSERT INTO completions (schedule_id, job_id, completed_at) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET completed_at = max(completed_at, excluded.completed_at)`);
    // The newest one counts, also where the clock was put back since the one before.
    this.#completed = db.prepare(`
      INSERT INTO completions (schedule_id, job_id, completed_at)
      SELECT '', manifest_id, @atMs FROM runs WHERE run = @run AND manifest_id IS NOT NULL AND manifest_id <> '${DIRECT_TASK}'
      UNION ALL SELECT schedule_id, manifest_id, @atMs FROM runs WHERE run = @run AND schedule_id IS NOT NULL
      ON CONFLICT DO UPDATE SET completed_at = excluded.completed_at`);
    this.#completedVersion = db.prepare(`
      INSERT INTO completed_versions (schedule_id, job_id, version)
      SELECT schedule_id, manifest_id, version FROM runs WHERE run = ? AND schedule_id IS NOT NULL AND version IS NOT NULL
      ON CONFLICT DO NOTHING`);
    this.#get = db.prepare('SELECT completed_at FROM completions WHERE schedule_id = ? AND job_id = ?').pluck();
    this.#version = db.prepare('SELECT 1 FROM completed_versions WHERE schedule_id = ? AND job_id = ? AND version = ?');
    this.#all = db.prepare('SELECT schedule_id AS scheduleId, job_id AS jobId, completed_at AS atMs FROM completions');
    this.#prune = db.prepare(`
      DELETE FROM completions WHERE schedule_id = '' AND completed_at <
        (SELECT completed_at FROM completions WHERE schedule_id = '' ORDER BY completed_at DESC LIMIT 1 OFFSET ${JOBS_KEPT})`);
  }

  /** One that is told by others, such as the original's file; an older one changes nothing. */
  record(scheduleId: string, jobId: string, atMs: number): Promise<void> {
    return this.#group.submit(() => void this.#put.run(scheduleId, jobId, atMs));
  }

  /** Inside the transaction of its end: a run has succeeded. */
  completed(run: RunId, atMs: number): void {
    const { changes } = this.#completed.run({ run, atMs });
    // Its job, and its schedule: most runs have none.
    if (changes > 1) this.#completedVersion.run(run);
  }

  lastMs(scheduleId: string, jobId: string): number | undefined {
    return this.#get.get(scheduleId, jobId) as number | undefined;
  }

  /** Whether a run of the schedule has succeeded with this version of the job. */
  hasVersion(scheduleId: string, jobId: string, version: string): boolean {
    return this.#version.get(scheduleId, jobId, version) !== undefined;
  }

  all(): Completion[] {
    return this.#all.all() as Completion[];
  }

  /** Jobs that have succeeded longest ago are forgotten, where there are very many. */
  prune(): Promise<void> {
    return this.#group.submit(() => void this.#prune.run());
  }
}
