/**
 * Which files of the original agent are in the store, and could not be renamed to say so: each start finds them again, and what was
 * delivered meanwhile is not to be delivered once more.
 */
import type { Database } from 'better-sqlite3';
import type { GroupCommit } from './group-commit.ts';
import { Meta } from './meta.ts';

const KEY = 'imported:';

export class Imported {
  readonly #group: GroupCommit;
  readonly #meta: Meta;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#meta = new Meta(db);
  }

  /** `digest`: of the content of the file. */
  has(digest: string): boolean {
    return this.#meta.get(KEY + digest) !== null;
  }

  note(digest: string): Promise<void> {
    return this.#group.submit(() => this.#meta.set(KEY + digest, '1'));
  }
}
