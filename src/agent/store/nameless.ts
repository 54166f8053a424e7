/**
 * Messages that are known by their bytes alone: nobody can be answered for them, or they were refused, or their id belongs to
 * another. Whoever can send anything can send any number of them, so only the newest are kept: one that is forgotten costs a
 * repeated row, never a repeated run.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { RunId } from '../../shared/ids.ts';

const NEWEST = 10_000;
/** Checked once for so many runs, and then more of them go than have come. */
const CHECK_EACH_RUNS = 64;
const STEP = 4 * CHECK_EACH_RUNS;
/** What is kept of a message for a person to read; none of them is ever run. */
const SHOWN_BYTES = 16 * 1024;

/** A real id never begins with a blank. */
const IS_NAMELESS = `request_id >= ' ' AND request_id < '!'`;

/** The ledger key of a message without an id of its own. */
export function namelessKey(fingerprint: Uint8Array): string {
  return ` ${Buffer.from(fingerprint).toString('hex')}`;
}

/** The ledger key of a message that was refused for its signature. */
export function refusedKey(fingerprint: Uint8Array): string {
  return ` refused${namelessKey(fingerprint)}`;
}

/** Of a message without an id, or of one that was refused. */
export function isNamelessKey(key: string): boolean {
  return key.startsWith(' ');
}

/** The body of a message as it is stored under such a key. */
export function shownOf(body: Uint8Array): Uint8Array {
  return body.subarray(0, SHOWN_BYTES);
}

export class NamelessBound {
  readonly #count: Statement;
  readonly #oldest: Statement;
  readonly #forget: Statement;
  readonly #drop: readonly Statement[];
  readonly #newest: number;

  constructor(db: Database, newest = NEWEST) {
    this.#newest = newest;
    this.#count = db.prepare(`SELECT count(*) FROM ledger WHERE ${IS_NAMELESS}`).pluck();
    this.#oldest = db.prepare(`
      SELECT request_id AS key, run,
        NOT EXISTS (SELECT 1 FROM runs WHERE runs.run = ledger.run AND state <> 'finished')
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.run = ledger.run) AS goes
      FROM ledger WHERE ${IS_NAMELESS} ORDER BY run LIMIT ?`);
    this.#forget = db.prepare('DELETE FROM ledger WHERE request_id = ?');
    this.#drop = ['outputs', 'commands', 'runs'].map((table) => db.prepare(`DELETE FROM ${table} WHERE run = ?`));
  }

  /** In the transaction that records one more. What is forgotten goes from the history too, but for what is still to be answered. */
  recorded(run: RunId): void {
    if (run % CHECK_EACH_RUNS !== 0) return;
    const beyond = (this.#count.get() as number) - this.#newest;
    if (beyond <= 0) return;
    const oldest = this.#oldest.all(Math.min(beyond, STEP)) as { key: string; run: RunId; goes: number }[];
    for (const { key, run: of, goes } of oldest) {
      this.#forget.run(key);
      if (goes === 1) for (const statement of this.#drop) statement.run(of);
    }
  }
}
