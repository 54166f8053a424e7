/** The versions of the agent that this PC has had. */
import type { Database, Statement } from 'better-sqlite3';
import type { GroupCommit } from './group-commit.ts';

export interface VersionEntry {
  readonly version: string;
  /** When it first came on the air, ms since the epoch. */
  readonly atMs: number;
}

/** Which versions of the agent have worked on this store, for the history of updates. */
export class Versions {
  readonly #group: GroupCommit;
  readonly #list: Statement;
  readonly #add: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#list = db.prepare('SELECT version, at AS atMs FROM versions ORDER BY entry DESC LIMIT ?');
    this.#add = db.prepare('INSERT INTO versions (version, at) VALUES (?, ?)');
  }

  /** Newest first. */
  list(limit: number): VersionEntry[] {
    return this.#list.all(limit) as VersionEntry[];
  }

  /** This version is on the air; noted where it was another one before. */
  async onTheAir(version: string, atMs: number): Promise<void> {
    if (this.list(1)[0]?.version === version) return;
    await this.#group.submit(() => void this.#add.run(version, atMs));
  }
}
