/** The table `meta`: what is known once, under a name. */
import type { Database, Statement } from 'better-sqlite3';

/** Single facts about the store and its PC, by name. */
export class Meta {
  readonly #get: Statement;
  readonly #put: Statement;
  readonly #drop: Statement;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT value FROM meta WHERE key = ?').pluck();
    this.#put = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
    this.#drop = db.prepare('DELETE FROM meta WHERE key = ?');
  }

  get(key: string): string | null {
    return (this.#get.get(key) as string | undefined) ?? null;
  }

  set(key: string, value: string): void {
    this.#put.run(key, value);
  }

  /** A value that was set as JSON; null: there is none, or what is there is no JSON. */
  json<T>(key: string): T | null {
    const text = this.get(key) ?? 'null';
    try {
      return JSON.parse(text) as T | null;
    } catch {
      return null;
    }
  }

  setJson(key: string, value: unknown): void {
    this.set(key, JSON.stringify(value));
  }

  drop(key: string): void {
    this.#drop.run(key);
  }
}
