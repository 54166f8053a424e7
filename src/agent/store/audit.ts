/** What was done through the local socket, and the tries at the helpdesk code. */
import type { Database, Statement } from 'better-sqlite3';
import type { GroupCommit } from './group-commit.ts';

/** One thing that somebody did through the local socket. */
export interface AuditEntry {
  readonly atMs: number;
  readonly account: string;
  readonly action: string;
  readonly detail: string;
}

export interface UnlockTries {
  readonly failed: number;
  /** No try before this moment, ms since the epoch. */
  readonly retryAtMs: number;
}

/** Far more than anybody reads; who tries codes without end does not fill the disk. */
const ENTRIES_MAX = 10_000;

/** Who unlocked, stopped or re-sent something here, and how often a helpdesk code was wrong; both outlive a restart. */
export class Audit {
  readonly #group: GroupCommit;
  readonly #append: Statement;
  readonly #prune: Statement;
  readonly #list: Statement;
  readonly #tries: Statement;
  readonly #setTries: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#append = db.prepare('INSERT INTO audit (at, account, action, detail) VALUES (?, ?, ?, ?)');
    this.#prune = db.prepare('DELETE FROM audit WHERE entry <= ?');
    this.#list = db.prepare('SELECT at, account, action, detail FROM audit ORDER BY entry DESC LIMIT ?');
    this.#tries = db.prepare('SELECT failed, retry_at FROM unlock_tries WHERE account = ?');
    this.#setTries = db.prepare('INSERT OR REPLACE INTO unlock_tries (account, failed, retry_at) VALUES (?, ?, ?)');
  }

  append(entry: AuditEntry): Promise<void> {
    return this.#group.submit(() => {
      const { lastInsertRowid } = this.#append.run(entry.atMs, entry.account, entry.action, entry.detail);
      this.#prune.run(Number(lastInsertRowid) - ENTRIES_MAX);
    });
  }

  list(limit: number): AuditEntry[] {
    const rows = this.#list.all(limit) as { at: number; account: string; action: string; detail: string }[];
    return rows.map(({ at, account, action, detail }) => ({ atMs: at, account, action, detail }));
  }

  unlockTries(account: string): UnlockTries {
    const row = this.#tries.get(account) as { failed: number; retry_at: number } | undefined;
    return { failed: row?.failed ?? 0, retryAtMs: row?.retry_at ?? 0 };
  }

  setUnlockTries(account: string, tries: UnlockTries): Promise<void> {
    return this.#group.submit(() => void this.#setTries.run(account, tries.failed, tries.retryAtMs));
  }
}
