/**
 * What was last taken for good of what is signed for updates. Invariant: its numbers never go back, whatever the broker offers
 * later, also over restarts and over a release that is undone.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { GroupCommit } from './group-commit.ts';

export interface SeenManifest {
  readonly serial: number;
  readonly digest: string;
  readonly keySet: string;
}

export class SeenUpdates {
  readonly #group: GroupCommit;
  readonly #keys: Statement;
  readonly #putKeys: Statement;
  readonly #manifest: Statement;
  readonly #putManifest: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#keys = db.prepare('SELECT body FROM update_keys WHERE trust = ?').pluck();
    this.#putKeys = db.prepare(`
      INSERT INTO update_keys (trust, version, body) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version, body = excluded.body WHERE excluded.version > version`);
    this.#manifest = db.prepare(
      'SELECT serial, digest, key_set AS keySet FROM update_manifests WHERE trust = ? AND channel = ?',
    );
    this.#putManifest = db.prepare(`
      INSERT INTO update_manifests (trust, channel, serial, digest, key_set) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET serial = excluded.serial, digest = excluded.digest, key_set = excluded.key_set
      WHERE excluded.serial > serial OR excluded.key_set <> key_set`);
  }

  /** The newest key list of this trust, as it was signed; null: none was taken yet. */
  keys(trust: string): Uint8Array | null {
    return (this.#keys.get(trust) as Uint8Array | undefined) ?? null;
  }

  async noteKeys(trust: string, version: number, body: Uint8Array): Promise<void> {
    await this.#group.submit(() => void this.#putKeys.run(trust, version, body));
  }

  manifest(trust: string, channel: string): SeenManifest | null {
    return (this.#manifest.get(trust, channel) as SeenManifest | undefined) ?? null;
  }

  /** Nothing, where it is the one that is known, so that checking again costs no write. */
  async noteManifest(trust: string, channel: string, { serial, digest, keySet }: SeenManifest): Promise<void> {
    const known = this.manifest(trust, channel);
    if (known?.serial === serial && known.keySet === keySet) return;
    await this.#group.submit(() => void this.#putManifest.run(trust, channel, serial, digest, keySet));
  }
}
