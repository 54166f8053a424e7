import type { Database, Statement } from 'better-sqlite3';
import type { GroupCommit } from './group-commit.ts';

export interface Completion {
  readonly scheduleId: string;
  readonly jobId: string;
  readonly atMs: number;
}

/** When a local schedule's job last succeeded on this PC (protocol §6.1). */
export class Completions {
  readonly #group: GroupCommit;
  readonly #put: Statement;
  readonly #get: Statement;
  readonly #all: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#put = db.prepare(`
      INSERT INTO completions (schedule_id, job_id, completed_at) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET completed_at = max(completed_at, excluded.completed_at)`);
    this.#get = db.prepare('SELECT completed_at FROM completions WHERE schedule_id = ? AND job_id = ?').pluck();
    this.#all = db.prepare('SELECT schedule_id AS scheduleId, job_id AS jobId, completed_at AS atMs FROM completions');
  }

  record(scheduleId: string, jobId: string, atMs: number): Promise<void> {
    return this.#group.submit(() => void this.#put.run(scheduleId, jobId, atMs));
  }

  lastMs(scheduleId: string, jobId: string): number | undefined {
    return this.#get.get(scheduleId, jobId) as number | undefined;
  }

  all(): Completion[] {
    return this.#all.all() as Completion[];
  }
}
