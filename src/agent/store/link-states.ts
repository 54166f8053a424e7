/** How the link to the broker was, in the order in which it was noted. Times are ms since the epoch, by the clock of this PC. */
import type { Database, Statement } from 'better-sqlite3';
import type { ConnectionState } from '../../shared/states.ts';
import type { GroupCommit } from './group-commit.ts';

/** A state, and from when to when it is known to have been so. */
export interface LinkSpan {
  readonly state: ConnectionState;
  /** Why there was no connection, as it was said last. */
  readonly why: string | null;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Weeks of a link that is fine, a day of one that comes and goes each minute. */
export const ROWS_MAX = 4_000;

export class LinkStates {
  readonly #group: GroupCommit;
  readonly #extend: Statement;
  readonly #begin: Statement;
  readonly #prune: Statement;
  readonly #list: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#extend = db.prepare(
      'UPDATE link_states SET until_at = ?, why = ? WHERE entry = (SELECT max(entry) FROM link_states) AND from_at = ? AND state = ?',
    );
    this.#begin = db.prepare('INSERT INTO link_states (state, why, from_at, until_at) VALUES (?, ?, ?, ?)');
    this.#prune = db.prepare('DELETE FROM link_states WHERE entry <= ?');
    this.#list = db.prepare(`
      SELECT state, why, from_at AS fromMs, until_at AS untilMs FROM link_states
        WHERE until_at >= ? ORDER BY entry DESC LIMIT ?`);
  }

  /** A span begins. Not worth a commit of its own, nor is {@link extend}. */
  begin(span: LinkSpan): Promise<void> {
    return this.#group.submitLazily(() => this.#insert(span));
  }

  /** The one that was begun last has lasted until then. Where its beginning could not be stored, it is now: the one before is another. */
  extend(span: LinkSpan): Promise<void> {
    return this.#group.submitLazily(() => {
      const { changes } = this.#extend.run(span.untilMs, span.why, span.fromMs, span.state);
      if (changes === 0) this.#insert(span);
    });
  }

  #insert({ state, why, fromMs, untilMs }: LinkSpan): void {
    const { lastInsertRowid } = this.#begin.run(state, why, fromMs, untilMs);
    this.#prune.run(Number(lastInsertRowid) - ROWS_MAX);
  }

  /** Newest first; those that lasted until `fromMs` or longer. */
  list(fromMs: number, limit: number): LinkSpan[] {
    return this.#list.all(fromMs, limit) as LinkSpan[];
  }
}
