/**
 * The last known value of each broker key that something here depends on. Used when the broker can't be read, so that a
 * revoked script stays revoked and a member of a group stays one (D19, D21).
 */
import type { Database, Statement } from 'better-sqlite3';
import type { Moment } from '../../base/timeline.ts';
import type { GroupCommit } from './group-commit.ts';

export interface KvCacheEntry {
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

/** The same revision can be of another value: a bucket that was made anew counts from 1 again. */
export function isSameValue(one: Value, other: Value): boolean {
  if (one.revision !== other.revision) return false;
  if (one.value === null || other.value === null) return one.value === other.value;
  return Buffer.compare(one.value, other.value) === 0;
}

type Value = Pick<KvCacheEntry, 'value' | 'revision'>;

export class KvCache {
  readonly #group: GroupCommit;
  /** How many writes of each key are not stored yet: what is read of it says nothing until then. */
  readonly #queued = new Map<string, number>();
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

  get(bucket: string, key: string): KvCacheEntry | undefined {
    const row = this.#get.get(bucket, key) as Row | undefined;
    return row === undefined ? undefined : entryOf(row);
  }

  all(bucket: string): Map<string, KvCacheEntry> {
    const rows = this.#all.all(bucket) as Row[];
    return new Map(rows.map((row) => [row.key, entryOf(row)]));
  }

  put(bucket: string, key: string, { value, revision, read }: KvCacheEntry): Promise<void> {
    return this.#write(bucket, key, () => {
      this.#put.run(bucket, key, value, revision, read.wallMs, read.upMs, read.boot);
    });
  }

  /** {@link put}, unless it is known: a watch begins with all that there is. */
  async putChanged(bucket: string, key: string, entry: KvCacheEntry): Promise<void> {
    const last = this.#isQueued(bucket, key) ? undefined : this.get(bucket, key);
    if (last === undefined || !isSameValue(last, entry)) await this.put(bucket, key, entry);
  }

  /** Nothing depends on the key any more. */
  async forget(bucket: string, key: string): Promise<void> {
    if (!this.#isQueued(bucket, key) && this.get(bucket, key) === undefined) return;
    await this.#write(bucket, key, () => void this.#forget.run(bucket, key));
  }

  #isQueued(bucket: string, key: string): boolean {
    return this.#queued.has(`${bucket} ${key}`);
  }

  async #write(bucket: string, key: string, work: () => void): Promise<void> {
    const name = `${bucket} ${key}`;
    this.#queued.set(name, (this.#queued.get(name) ?? 0) + 1);
    try {
      await this.#group.submit(work);
    } finally {
      const left = (this.#queued.get(name) ?? 1) - 1;
      if (left > 0) this.#queued.set(name, left);
      else this.#queued.delete(name);
    }
  }
}

function entryOf({ value, revision, readAtMs, readUpMs, readBoot }: Row): KvCacheEntry {
  return { value, revision, read: { wallMs: readAtMs, upMs: readUpMs, boot: readBoot } };
}
