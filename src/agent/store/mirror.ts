/**
 * The last known value of each broker key that something here depends on. Used when the broker can't be read, so that a
 * revoked script stays revoked and a member of a group stays one (D19, D21).
 */
import type { Database, Statement } from 'better-sqlite3';
import type { GroupCommit } from './group-commit.ts';

export interface MirrorEntry {
  /** null: the key was absent. */
  readonly value: Uint8Array | null;
  readonly revision: number;
  /** When it was last read from the broker, ms since the epoch. */
  readonly readAtMs: number;
}

export class Mirror {
  readonly #group: GroupCommit;
  readonly #get: Statement;
  readonly #put: Statement;
  readonly #all: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#get = db.prepare('SELECT value, revision, read_at AS readAtMs FROM kv_mirror WHERE bucket = ? AND key = ?');
    this.#put = db.prepare(`
      INSERT INTO kv_mirror (bucket, key, value, revision, read_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value, revision = excluded.revision, read_at = excluded.read_at`);
    this.#all = db.prepare(
      'SELECT key, value, revision, read_at AS readAtMs FROM kv_mirror WHERE bucket = ? ORDER BY key',
    );
  }

  get(bucket: string, key: string): MirrorEntry | undefined {
    return this.#get.get(bucket, key) as MirrorEntry | undefined;
  }

  all(bucket: string): Map<string, MirrorEntry> {
    const rows = this.#all.all(bucket) as (MirrorEntry & { key: string })[];
    return new Map(rows.map((row) => [row.key, row]));
  }

  put(bucket: string, key: string, entry: MirrorEntry): Promise<void> {
    return this.#group.submit(() => void this.#put.run(bucket, key, entry.value, entry.revision, entry.readAtMs));
  }
}
