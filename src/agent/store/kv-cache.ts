/**
 * The last known value of each broker key that something here depends on. Used when the broker can't be read, so that a
 * revoked script stays revoked and a member of a group stays one (D19, D21).
 */
import type { Database, Statement } from 'better-sqlite3';
import type { Moment } from '../../base/timeline.ts';
import type { GroupCommit } from './group-commit.ts';

export interface MirrorEntry {
  /** null: the key was absent. */
  readonly value: Uint8Array | null;
  readonly revision: number;
  /** When it was last read from the broker. */
  readonly read: Moment;
}

interface Row {
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly revision: number;
  readonly readAtMs: number;
  readonly readUpMs: number | null;
  readonly readBoot: string | null;
}

const COLUMNS = 'key, value, revision, read_at AS readAtMs, read_up AS readUpMs, read_boot AS readBoot';

export class KvCache {
  readonly #group: GroupCommit;
  readonly #get: Statement;
  readonly #put: Statement;
  readonly #all: Statement;
  readonly #forget: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#get = db.prepare(`SELECT ${COLUMNS} FROM kv_mirror WHERE bucket = ? AND key = ?`);
    this.#put = db.prepare(`
      INSERT INTO kv_mirror (bucket, key, value, revision, read_at, read_up, read_boot) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value, revision = excluded.revision,
        read_at = excluded.read_at, read_up = excluded.read_up, read_boot = excluded.read_boot`);
    this.#forget = db.prepare('DELETE FROM kv_mirror WHERE bucket = ? AND key = ?');
    this.#all = db.prepare(`SELECT ${COLUMNS} FROM kv_mirror WHERE bucket = ? ORDER BY key`);
  }

  get(bucket: string, key: string): MirrorEntry | undefined {
    const row = this.#get.get(bucket, key) as Row | undefined;
    return row === undefined ? undefined : entryOf(row);
  }

  all(bucket: string): Map<string, MirrorEntry> {
    const rows = this.#all.all(bucket) as Row[];
    return new Map(rows.map((row) => [row.key, entryOf(row)]));
  }

  put(bucket: string, key: string, { value, revision, read }: MirrorEntry): Promise<void> {
    return this.#group.submit(
      () => void this.#put.run(bucket, key, value, revision, read.wallMs, read.upMs, read.boot),
    );
  }

  /** Nothing depends on the key any more. */
  forget(bucket: string, key: string): Promise<void> {
    return this.#group.submit(() => void this.#forget.run(bucket, key));
  }
}

function entryOf({ value, revision, readAtMs, readUpMs, readBoot }: Row): MirrorEntry {
  return { value, revision, read: { wallMs: readAtMs, upMs: readUpMs, boot: readBoot } };
}
