/**
 * What still has to reach the fleet, in the order in which it was queued. A row leaves only on PubAck. When it may be tried
 * stands in the row (`next_try_at`), so that a restart is no special case; one that the server will not take is parked: visible,
 * tried again with each connection and each day, and on request (invariant 5).
 */
import type { Database, Statement } from 'better-sqlite3';
import { loopTurn } from '../../base/loop-turn.ts';
import type { RunId } from '../../shared/ids.ts';
import type { OutboxKind } from '../../shared/outbox-kinds.ts';
import type { GroupCommit } from './group-commit.ts';

export interface OutboxItem {
  readonly kind: OutboxKind;
  /** Key within the kind; the result id for results and for started events. */
  readonly id: string;
  readonly subject: string;
  readonly body: Uint8Array;
}

export interface OutboxRow extends OutboxItem {
  readonly seq: number;
  readonly run: RunId | null;
  readonly attempts: number;
  readonly queuedAtMs: number;
  readonly parkedAtMs: number | null;
}

/** Of a row that has gone its way: what is needed to delete it, and no body. */
export type Delivered = Pick<OutboxRow, 'seq' | 'kind' | 'run'>;

/** What could not be delivered, without its body. */
export interface StuckMessage {
  readonly kind: OutboxKind;
  readonly id: string;
  readonly run: RunId | null;
  readonly attempts: number;
  /** When it was parked; of what is still tried, when it was queued. */
  readonly sinceMs: number;
  readonly why: string;
}

/** What waits for its delivery, and what could not be delivered. */
export interface OutboxCounts {
  readonly waiting: number;
  readonly parked: number;
  /** Of all that is no result; among many, of the oldest. */
  readonly others: { readonly waiting: number; readonly stuck: number };
}

/** Of what is no result: so many tries that came to nothing are no hiccup, though it is tried on. */
const STUCK_AFTER = 3;
/** More of the others than this are not read for a count. */
const MAX_OTHERS_READ = 1_000;
const IS_STUCK = `(parked_at IS NOT NULL OR (kind <> 'result' AND attempts >= ${STUCK_AFTER}))`;

/** So many rows are changed at a time: nothing may hold the one thread for long. */
const WAKE_STEP = 1_000;

const COLUMNS = 'seq, kind, id, subject, run, attempts, queued_at AS queuedAtMs, parked_at AS parkedAtMs, body';

/** Of a row that is there already nothing changes. */
export function prepareOutboxPut(db: Database): Statement {
  return db.prepare(
    'INSERT INTO outbox (kind, id, subject, body, run, queued_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO NOTHING',
  );
}

export class Outbox {
  readonly #group: GroupCommit;
  readonly #put: Statement;
  readonly #trim: Statement;
  readonly #due: Statement;
  readonly #later: Statement;
  readonly #get: Statement;
  readonly #waiting: Statement;
  readonly #seqOf: Statement;
  readonly #delete: Statement;
  readonly #dropStarted: Statement;
  readonly #delivered: Statement;
  readonly #retry: Statement;
  readonly #park: Statement;
  readonly #wake: Statement;
  readonly #resend: Statement;
  readonly #resendStep: Statement;
  readonly #resendOthers: Statement;
  readonly #parked: Statement;
  readonly #othersStuck: Statement;
  readonly #newest: Statement;
  readonly #counts: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#put = prepareOutboxPut(db);
    this.#trim = db.prepare(
      'DELETE FROM outbox WHERE kind = ? AND seq NOT IN (SELECT seq FROM outbox WHERE kind = ? ORDER BY seq DESC LIMIT ?)',
    );
    this.#due = db
      .prepare(`SELECT seq FROM outbox WHERE (kind = 'result') = ? AND next_try_at <= ? ORDER BY seq LIMIT ?`)
      .pluck();
    this.#later = db
      .prepare(
        `SELECT min(next_try_at) FROM outbox WHERE (kind = 'result') = ? AND next_try_at > 0 AND next_try_at > ?`,
      )
      .pluck();
    this.#get = db.prepare(`SELECT ${COLUMNS} FROM outbox WHERE seq = ?`);
    this.#waiting = db.prepare(
      `SELECT ${COLUMNS} FROM outbox WHERE (kind = 'result') = ? AND parked_at IS NULL ORDER BY seq LIMIT ?`,
    );
    this.#seqOf = db.prepare('SELECT seq FROM outbox WHERE kind = ? AND id = ?').pluck();
    this.#delete = db.prepare('DELETE FROM outbox WHERE seq = ?');
    this.#dropStarted = db.prepare(`DELETE FROM outbox WHERE run = ? AND kind = 'started'`);
    this.#delivered = db.prepare('UPDATE runs SET delivered_at = ? WHERE run = ?');
    this.#retry = db.prepare(
      'UPDATE outbox SET attempts = attempts + 1, next_try_at = ?, parked_why = ? WHERE seq = ?',
    );
    this.#park = db.prepare(
      'UPDATE outbox SET attempts = attempts + 1, next_try_at = ?, parked_at = coalesce(parked_at, ?), parked_why = ? WHERE seq = ?',
    );
    // One without a subject was never readable: no connection changes that.
    this.#wake = db.prepare(`
      UPDATE outbox SET next_try_at = 0 WHERE seq IN (SELECT seq FROM outbox
        WHERE next_try_at > 0 AND subject <> '' AND (parked_at IS NULL OR ?) LIMIT ${WAKE_STEP})`);
    this.#resend = db.prepare(
      `UPDATE outbox SET next_try_at = 0, attempts = 0, parked_at = NULL, parked_why = NULL
       WHERE kind = ? AND id = ? AND ${IS_STUCK}`,
    );
    // One without a subject was never readable: it has nowhere to go.
    this.#resendStep = db.prepare(
      `UPDATE outbox SET next_try_at = 0, attempts = 0, parked_at = NULL, parked_why = NULL
       WHERE seq IN (SELECT seq FROM outbox WHERE kind = 'result' AND parked_at IS NOT NULL AND subject <> ''
         LIMIT ${WAKE_STEP})`,
    );
    this.#resendOthers = db.prepare(
      `UPDATE outbox SET next_try_at = 0, attempts = 0, parked_at = NULL, parked_why = NULL
       WHERE seq IN (SELECT seq FROM (SELECT seq, kind, attempts, parked_at FROM outbox WHERE (kind = 'result') = 0
         ORDER BY seq LIMIT ${MAX_OTHERS_READ}) WHERE ${IS_STUCK})`,
    );
    const stuck = `kind, id, run, attempts, coalesce(parked_at, queued_at) AS sinceMs, coalesce(parked_why, '') AS why`;
    this.#parked = db.prepare(
      `SELECT ${stuck} FROM outbox WHERE kind = 'result' AND parked_at IS NOT NULL ORDER BY parked_at DESC, seq DESC LIMIT ?`,
    );
    this.#othersStuck = db.prepare(
      `SELECT ${stuck} FROM (SELECT * FROM outbox WHERE (kind = 'result') = 0 ORDER BY seq LIMIT ${MAX_OTHERS_READ})
       WHERE ${IS_STUCK} ORDER BY sinceMs DESC, seq DESC LIMIT ?`,
    );
    this.#newest = db.prepare('SELECT max(seq) FROM outbox').pluck();
    this.#counts = db.prepare(`
      SELECT (SELECT count(*) FROM outbox WHERE (kind = 'result') = 1) AS results,
        (SELECT count(*) FROM outbox WHERE kind = 'result' AND parked_at IS NOT NULL) AS parked,
        (SELECT count(*) FROM outbox WHERE (kind = 'result') = 0) AS others,
        (SELECT count(*) FROM (SELECT kind, attempts, parked_at FROM outbox WHERE (kind = 'result') = 0
          ORDER BY seq LIMIT ${MAX_OTHERS_READ}) WHERE ${IS_STUCK}) AS othersStuck`);
  }

  /** Queues something that belongs to no ending of a run. With `keep`, only so many of its kind stay, the newest. */
  put(item: OutboxItem, queuedAtMs: number, options: { run?: number; keep?: number } = {}): Promise<void> {
    return this.#group.submit(() => {
      this.#put.run(item.kind, item.id, item.subject, item.body, options.run ?? null, queuedAtMs);
      if (options.keep !== undefined) this.#trim.run(item.kind, item.kind, options.keep);
    });
  }

  /** Stores something that can't be delivered, so that it stays visible. */
  putParked(item: OutboxItem, queuedAtMs: number, why: string): Promise<void> {
    return this.#group.submit(() => {
      const { changes, lastInsertRowid } = this.#put.run(item.kind, item.id, item.subject, item.body, null, queuedAtMs);
      if (changes === 1) this.#park.run(Number.MAX_SAFE_INTEGER, queuedAtMs, why, lastInsertRowid);
    });
  }

  /**
   * The numbers of up to `limit` rows that may be tried at `upMs`, oldest first; results apart from the rest, which never delays
   * them. Read without their bodies.
   */
  due(results: boolean, upMs: number, limit: number): number[] {
    return this.#due.all(results ? 1 : 0, upMs, limit) as number[];
  }

  /** When the next row that may not be tried at `upMs` becomes due; Infinity: there is none. */
  nextDueUpMs(results: boolean, upMs: number): number {
    return (this.#later.get(results ? 1 : 0, upMs) as number | null) ?? Number.POSITIVE_INFINITY;
  }

  get(seq: number): OutboxRow | undefined {
    return this.#get.get(seq) as OutboxRow | undefined;
  }

  /** Up to `limit` rows that are not parked, oldest first, with their bodies. */
  waiting(results: boolean, limit: number): OutboxRow[] {
    return this.#waiting.all(results ? 1 : 0, limit) as OutboxRow[];
  }

  /** The number of the row of this kind and id, while it is there. */
  seqOf(kind: OutboxKind, id: string): number | undefined {
    return this.#seqOf.get(kind, id) as number | undefined;
  }

  /** The PubAck is here: the row goes, the run says when. Lost with the process, the row is sent once more, same id. */
  delivered(row: Delivered, atMs: number): Promise<void> {
    return this.#group.submitLazily(() => {
      this.#drop(row);
      if (row.kind === 'result' && row.run !== null) this.#delivered.run(atMs, row.run);
    });
  }

  /** Somebody else delivers it from now on. */
  remove(row: Delivered): Promise<void> {
    return this.#group.submit(() => this.#drop(row));
  }

  /** With a result goes the started event of its run: stored after it, a backend may run the job again. */
  #drop({ seq, kind, run }: Delivered): void {
    this.#delete.run(seq);
    if (kind === 'result' && run !== null) this.#dropStarted.run(run);
  }

  /** A try failed; none before `upMs`. Nobody waits for the note. */
  retryAt(seq: number, upMs: number, why: string): Promise<void> {
    return this.#group.submitLazily(() => void this.#retry.run(Math.ceil(upMs), why, seq));
  }

  /** The server will not take it as it is: visible from now on, and not tried before `upMs`. */
  park(seq: number, why: string, atMs: number, upMs: number): Promise<void> {
    return this.#group.submit(() => void this.#park.run(Math.ceil(upMs), atMs, why, seq));
  }

  /** Makes every row due, with `parked` those too that the server would not take: what stood in their way is gone. */
  async wake(parked: boolean): Promise<void> {
    const step = () => this.#group.submit(() => this.#wake.run(parked ? 1 : 0).changes);
    while ((await step()) === WAKE_STEP) await loopTurn();
  }

  /** Makes what could not be delivered wait like any other. False: there is nothing of the kind with this id. */
  resend(id: string, kind: OutboxKind = 'result'): Promise<boolean> {
    return this.#group.submit(() => this.#resend.run(kind, id).changes === 1);
  }

  /** The same for all of them; how many there were. One that is parked again meanwhile is not gone through twice. */
  async resendAll(): Promise<number> {
    let resent = await this.#group.submit(() => this.#resendOthers.run().changes);
    for (let left = this.counts().parked; left > 0; left -= WAKE_STEP) {
      resent += await this.#group.submit(() => this.#resendStep.run().changes);
      if (left > WAKE_STEP) await loopTurn();
    }
    return resent;
  }

  /** What could not be delivered: results first, then the others, those of the last time first. */
  stuck(limit: number): StuckMessage[] {
    const results = this.#parked.all(limit) as StuckMessage[];
    return [...results, ...(this.#othersStuck.all(limit - results.length) as StuckMessage[])];
  }

  /** The number of the newest row; 0 when there is none. */
  newestSeq(): number {
    return (this.#newest.get() as number | null) ?? 0;
  }

  counts(): OutboxCounts {
    const { results, parked, others, othersStuck } = this.#counts.get() as {
      results: number;
      parked: number;
      others: number;
      othersStuck: number;
    };
    return { waiting: results - parked, parked, others: { waiting: others - othersStuck, stuck: othersStuck } };
  }
}
