/** Counts of what gets no row of its own. In memory, and on disk now and then: a crash may cost the last of them. */
import type { Database } from 'better-sqlite3';
import { SIGNATURE_STATES, type SignatureState } from '../../shared/signatures.ts';
import type { GroupCommit } from './group-commit.ts';

/** What is counted and not recorded one by one (architecture §3; D42). */
export const COUNTERS = [
  'duplicates',
  'conflicts',
  'foreign',
  'unreadable',
  'publish_failures',
  'connects',
  'second_agent_sightings',
  /** Messages that were not run for their signature. */
  'signature_refused',
  /** Changes of what was found that the fleet was not told of, since there were many. */
  'signature_events_left_out',
  /** What was found of each signature that was checked, whether the message could run or not. */
  ...SIGNATURE_STATES.map((state) => `signature_${state}` as const),
] as const;
export type Counter = (typeof COUNTERS)[number];

export function signatureCounter(state: SignatureState): Counter {
  return `signature_${state}`;
}

/** Counters live in memory and are written along now and then: a duplicate must not cost an fsync. */
export class Counters {
  readonly #values = new Map<Counter, number>();
  readonly #db: Database;
  #dirty = false;

  constructor(db: Database) {
    this.#db = db;
    const rows = db.prepare('SELECT name, value FROM counters').all() as { name: string; value: number }[];
    for (const { name, value } of rows) {
      if (COUNTERS.includes(name as Counter)) this.#values.set(name as Counter, value);
    }
  }

  bump(name: Counter, by = 1): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + by);
    this.#dirty = true;
  }

  all(): Readonly<Record<Counter, number>> {
    return Object.fromEntries(COUNTERS.map((name) => [name, this.#values.get(name) ?? 0])) as Record<Counter, number>;
  }

  /** Writes what changed since the last time. Rejects where the store does not take it: then the next time has it to write. */
  async save(group: GroupCommit): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    const values = [...this.#values];
    try {
      const put = this.#db.prepare('INSERT OR REPLACE INTO counters (name, value) VALUES (?, ?)');
      await group.submit(() => {
        for (const [name, value] of values) put.run(name, value);
      });
    } catch (error) {
      this.#dirty = true;
      throw error;
    }
  }
}
