/**
 * What still has to reach the fleet, in the order in which it was queued. A row leaves only on PubAck; one that can't be
 * delivered is parked, stays visible and can be sent again (invariant 5).
 */
import type { Database, Statement } from 'better-sqlite3';
import type { GroupCommit } from './group-commit.ts';

export const OUTBOX_KINDS = ['result', 'started', 'inventory'] as const;
export type OutboxKind = (typeof OUTBOX_KINDS)[number];

export interface OutboxItem {
  readonly kind: OutboxKind;
  /** Key within the kind; the result id for results. */
  readonly id: string;
  readonly subject: string;
  readonly body: Uint8Array;
}

export interface OutboxRow extends OutboxItem {
  readonly seq: number;
  readonly run: number | null;
  readonly attempts: number;
  readonly queuedAtMs: number;
}

export class Outbox {
  readonly #group: GroupCommit;
  readonly #put: Statement;
  readonly #supersede: Statement;
  readonly #next: Statement;
  readonly #delete: Statement;
  readonly #delivered: Statement;
  readonly #attempt: Statement;
  readonly #park: Statement;
  readonly #parked: Statement;
  readonly #newest: Statement;
  readonly #counts: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#put = db.prepare(
      'INSERT INTO outbox (kind, id, subject, body, run, queued_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO NOTHING',
    );
    this.#supersede = db.prepare(`DELETE FROM outbox WHERE kind = ? AND id <> ?`);
    this.#next = db.prepare(`
      SELECT seq, kind, id, subject, body, run, attempts, queued_at AS queuedAtMs FROM outbox
      WHERE seq > ? AND parked_at IS NULL AND (kind = 'result') = ? ORDER BY seq LIMIT ?`);
    this.#delete = db.prepare('DELETE FROM outbox WHERE seq = ?');
    this.#delivered = db.prepare('UPDATE runs SET delivered_at = ? WHERE run = ?');
    this.#attempt = db.prepare('UPDATE outbox SET attempts = attempts + 1 WHERE seq = ?');
    this.#park = db.prepare('UPDATE outbox SET parked_at = ?, parked_why = ? WHERE seq = ?');
    this.#parked = db.prepare(
      `DELETE FROM outbox WHERE kind = 'result' AND id = ? AND parked_at IS NOT NULL RETURNING subject, body, run, queued_at AS queuedAtMs`,
    );
    this.#newest = db.prepare('SELECT max(seq) FROM outbox').pluck();
    this.#counts = db.prepare(`
      SELECT count(*) FILTER (WHERE parked_at IS NULL) AS waiting, count(*) FILTER (WHERE parked_at IS NOT NULL) AS parked
      FROM outbox WHERE kind = 'result'`);
  }

  /** Queues something that belongs to no ending of a run. With `onlyNewest`, older rows of its kind are dropped. */
  put(item: OutboxItem, queuedAtMs: number, options: { run?: number; onlyNewest?: boolean } = {}): Promise<void> {
    return this.#group.submit(() => {
      this.#put.run(item.kind, item.id, item.subject, item.body, options.run ?? null, queuedAtMs);
      if (options.onlyNewest) this.#supersede.run(item.kind, item.id);
    });
  }

  /** Stores something that can't be delivered, so that it stays visible. */
  putParked(item: OutboxItem, queuedAtMs: number, why: string): Promise<void> {
    return this.#group.submit(() => {
      const { changes, lastInsertRowid } = this.#put.run(item.kind, item.id, item.subject, item.body, null, queuedAtMs);
      if (changes === 1) this.#park.run(queuedAtMs, why, lastInsertRowid);
    });
  }

  /** Up to `limit` rows after `seq` that are not parked, oldest first; results apart from the rest, which never delays them. */
  after(seq: number, results: boolean, limit: number): OutboxRow[] {
    return this.#next.all(seq, results ? 1 : 0, limit) as OutboxRow[];
  }

  /** The PubAck is here: the row goes, the run says when. Lost with the process, the row is sent once more, same id. */
  delivered(row: OutboxRow, atMs: number): Promise<void> {
    return this.#group.submitLazily(() => {
      this.#delete.run(row.seq);
      if (row.kind === 'result' && row.run !== null) this.#delivered.run(atMs, row.run);
    });
  }

  /** Somebody else delivers it from now on. */
  remove(row: OutboxRow): Promise<void> {
    return this.#group.submit(() => void this.#delete.run(row.seq));
  }

  failed(row: OutboxRow): Promise<void> {
    return this.#group.submit(() => void this.#attempt.run(row.seq));
  }

  park(row: OutboxRow, why: string, atMs: number): Promise<void> {
    return this.#group.submit(() => void this.#park.run(atMs, why, row.seq));
  }

  /** Puts a parked result back at the end of the queue. False: there is no parked one with this id. */
  resend(resultId: string): Promise<boolean> {
    return this.#group.submit(() => {
      const row = this.#parked.get(resultId) as Pick<OutboxRow, 'subject' | 'body' | 'run' | 'queuedAtMs'> | undefined;
      if (row === undefined) return false;
      this.#put.run('result', resultId, row.subject, row.body, row.run, row.queuedAtMs);
      return true;
    });
  }

  /** The sequence number of the newest row; 0 when there is none. */
  newestSeq(): number {
    return (this.#newest.get() as number | null) ?? 0;
  }

  counts(): { waiting: number; parked: number } {
    return this.#counts.get() as { waiting: number; parked: number };
  }
}
