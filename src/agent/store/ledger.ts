/**
 * Which messages this PC has seen, however they came (invariant 2): each request id with the bytes it came with; a message without an id
 * of its own, or one that was refused, by its bytes alone. What is written here belongs to the transaction that records the run.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { RequestId, RunId } from '../../shared/ids.ts';
import { isNamelessKey, NamelessBound, namelessKey, refusedKey } from './nameless.ts';

/** What of a message the ledger keeps. */
export interface Seen {
  /** SHA-256 of its bytes. */
  readonly fingerprint: Uint8Array;
  readonly receivedAtMs: number;
  /** By the broker's clock, whole ms; null: not known. */
  readonly serverAtMs: number | null;
}

export class Ledger {
  readonly #get: Statement;
  readonly #put: Statement;
  readonly #nameless: NamelessBound;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT fingerprint FROM ledger WHERE request_id = ?');
    this.#put = db.prepare(
      'INSERT INTO ledger (request_id, fingerprint, received_at, run, server_at) VALUES (?, ?, ?, ?, ?)',
    );
    this.#nameless = new NamelessBound(db);
  }

  has(key: string): boolean {
    return this.#get.get(key) !== undefined;
  }

  /** `other`: the key is known, and came with other bytes. */
  compare(key: string, fingerprint: Uint8Array): 'new' | 'same' | 'other' {
    const known = this.#get.get(key) as { fingerprint: Buffer } | undefined;
    if (known === undefined) return 'new';
    return isSame(known.fingerprint, fingerprint) ? 'same' : 'other';
  }

  put(key: string, { fingerprint, receivedAtMs, serverAtMs }: Seen, run: RunId): void {
    this.#put.run(key, fingerprint, receivedAtMs, run, serverAtMs);
    if (isNamelessKey(key)) this.#nameless.recorded(run);
  }

  /** Whether these bytes were taken in before, under this id or under none: as a command, a conflict, or what can't be read. */
  isRecorded(requestId: RequestId | null, fingerprint: Uint8Array): boolean {
    if (requestId !== null && this.compare(requestId, fingerprint) === 'same') return true;
    return this.has(namelessKey(fingerprint));
  }

  /** Whether this message with this signature was refused: that is its end, whatever key comes later. */
  wasRefused(fingerprint: Uint8Array): boolean {
    return this.has(refusedKey(fingerprint));
  }
}

/** An empty one was saved from a damaged store: the id was seen, its bytes are not known (`salvage.ts`). */
function isSame(known: Buffer, fingerprint: Uint8Array): boolean {
  return known.length === 0 || known.equals(fingerprint);
}
