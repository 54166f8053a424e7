/**
 * Many writes, one fsync: everything submitted in one turn of the event loop is committed in one transaction at
 * `synchronous=FULL`. A promise resolves only after that commit, so "resolved" means "on disk" (invariant 1).
 *
 * One failing piece of work never takes its neighbours along: the group is rolled back and each piece runs again in a
 * transaction of its own. Work must therefore touch nothing but the database.
 */
import type { Database, Statement } from 'better-sqlite3';

interface Job {
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Long enough to go along with the end of a short script, short enough for a note about a running one. */
const LAZY_MS = 25;
/** So many admissions take some 10 ms; the event loop is never held for much longer. */
const GROUP_MAX = 100;
const GROUP_LIMIT = 400;

export class GroupCommit {
  readonly #db: Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #onError: (error: unknown) => void;
  readonly #onCommit: () => void;
  #queue: Job[] = [];
  #scheduled = false;
  #lazyTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(db: Database, hooks: { onError: (error: unknown) => void; onCommit: () => void }) {
    this.#db = db;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
    this.#onError = hooks.onError;
    this.#onCommit = hooks.onCommit;
  }

  /** Runs `work` in the next group. Rejects with the error of the work or of the commit; then nothing of it is stored. */
  submit<T>(work: () => T): Promise<T> {
    const done = this.#enqueue(work);
    this.#schedule();
    return done;
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** The same for what nobody waits for: it goes with the next group, or after {@link LAZY_MS} in one of its own. */
  submitLazily<T>(work: () => T): Promise<T> {
    const done = this.#enqueue(work);
    if (!this.#scheduled && !this.#closed) this.#lazyTimer ??= setTimeout(() => this.flush(), LAZY_MS);
    return done;
  }

  #enqueue<T>(work: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (value: never) => void, reject });
    });
  }

  /** Commits what is queued now, or as much of it as goes without holding up the event loop; the rest follows in its next turn. */
  flush(): void {
    this.#scheduled = false;
    clearTimeout(this.#lazyTimer);
    this.#lazyTimer = undefined;
    // The longer the queue, the larger the piece: what waits takes memory.
    const jobs = this.#queue.splice(0, Math.min(GROUP_LIMIT, Math.max(GROUP_MAX, this.#queue.length / 4)));
    if (jobs.length === 0) return;
    if (this.#queue.length > 0) this.#schedule();
    try {
      const values = this.#transact(jobs);
      for (const [index, job] of jobs.entries()) job.resolve(values[index] as never);
    } catch (error) {
      if (jobs.length === 1) this.#fail(jobs, error);
      else this.#oneByOne(jobs);
    }
    this.#onCommit();
  }

  /** Commits what is queued and refuses everything after it. */
  close(): void {
    while (this.#queue.length > 0) this.flush();
    this.#closed = true;
  }

  #transact(jobs: readonly Job[]): unknown[] {
    this.#begin.run();
    try {
      const values = jobs.map((job) => job.work());
      this.#commit.run();
      return values;
    } catch (error) {
      // SQLite rolls back by itself on some errors (full disk), so look first.
      if (this.#db.inTransaction) this.#rollback.run();
      throw error;
    }
  }

  #oneByOne(jobs: readonly Job[]): void {
    for (const job of jobs) {
      try {
        const [value] = this.#transact([job]);
        job.resolve(value as never);
      } catch (error) {
        this.#fail([job], error);
      }
    }
  }

  #fail(jobs: readonly Job[], error: unknown): void {
    this.#onError(error);
    for (const job of jobs) job.reject(error);
  }
}
