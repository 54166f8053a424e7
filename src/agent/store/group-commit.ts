/**
 * Many writes, one fsync: everything submitted in one turn of the event loop is committed in one transaction at
 * `synchronous=FULL`. A promise resolves only after that commit, so "resolved" means "on disk" (invariant 1).
 *
 * One failing piece of work never takes its neighbours along: the group is rolled back and goes again in smaller ones, each
 * in a turn of its own, until the one that fails stands alone. Work must therefore touch nothing but the database.
 */
import type { Database, Statement } from 'better-sqlite3';
import { errorText, type Logger, silentLogger } from '../../base/logger.ts';

interface Job {
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Long enough to go along with the end of a short script, short enough for a note about a running one. */
const LAZY_MS = 25;
/** So many that nobody waits for are worth a commit of their own: they would hold up whoever may have only so many under way. */
const LAZY_MAX = 64;
/** The event loop is not held for much longer than this by one group. */
const GROUP_MS = 10;
const GROUP_MAX = 400;

export interface GroupCommitHooks {
  /** A piece of work, or the commit of it alone, has failed. */
  readonly onError: (error: unknown) => void;
  readonly onCommit: () => void;
  /** Hears of what a hook throws, which concerns nobody who has submitted something. */
  readonly log?: Logger;
}

export class GroupCommit {
  readonly #db: Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #hooks: GroupCommitHooks;
  #queue: Job[] = [];
  /** So many go together. Halved when a group fails, until the one that fails stands alone; doubled with each that does not. */
  #limit = GROUP_MAX;
  #scheduled = false;
  #lazyTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(db: Database, hooks: GroupCommitHooks) {
    this.#db = db;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
    this.#hooks = hooks;
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

  /** The same for what nobody waits for: it goes with the next group, or after {@link LAZY_MS}, or as the {@link LAZY_MAX}th, in one of its own. */
  submitLazily<T>(work: () => T): Promise<T> {
    const done = this.#enqueue(work);
    if (this.#queue.length >= LAZY_MAX) this.#schedule();
    else if (!this.#scheduled && !this.#closed) this.#lazyTimer ??= setTimeout(() => this.flush(), LAZY_MS);
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
    if (this.#queue.length === 0) return;
    const values: unknown[] = [];
    let failed: { readonly error: unknown } | null = null;
    try {
      this.#transact(values);
    } catch (error) {
      failed = { error };
    }
    if (failed !== null) this.#split(Math.min(values.length + 1, this.#limit, this.#queue.length), failed.error);
    else this.#done(values);
    if (this.#queue.length > 0) this.#schedule();
  }

  #done(values: readonly unknown[]): void {
    this.#limit = Math.min(GROUP_MAX, this.#limit * 2);
    const jobs = this.#queue.splice(0, values.length);
    for (const [index, job] of jobs.entries()) job.resolve(values[index] as never);
    this.#tell(this.#hooks.onCommit);
  }

  #split(tried: number, error: unknown): void {
    this.#limit = Math.max(1, Math.floor(tried / 2));
    if (tried > 1) return;
    const job = this.#queue.shift();
    this.#tell(() => this.#hooks.onError(error));
    job?.reject(error);
  }

  /** Whatever becomes of that, the queue goes on. */
  #tell(hook: () => void): void {
    try {
      hook();
    } catch (error) {
      (this.#hooks.log ?? silentLogger).error('a write to the store could not be told of', { error: errorText(error) });
    }
  }

  /** Commits what is queued and refuses everything after it. */
  close(): void {
    while (this.#queue.length > 0) this.flush();
    this.#closed = true;
  }

  /** Does the next pieces of work in one transaction; `values` gets what they return. */
  #transact(values: unknown[]): void {
    this.#begin.run();
    try {
      const endsAtMs = performance.now() + GROUP_MS;
      for (const { work } of this.#queue) {
        values.push(work());
        if (values.length >= this.#limit || performance.now() >= endsAtMs) break;
      }
      this.#commit.run();
    } catch (error) {
      // SQLite rolls back by itself on some errors (full disk), so check first.
      if (this.#db.inTransaction) this.#rollback.run();
      throw error;
    }
  }
}
