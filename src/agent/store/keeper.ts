/**
 * Keeps the store within its bounds: history by age and size, the WAL by checkpoints, and the disk by admitting nothing
 * when it is nearly full. A file of 16 MiB is held in reserve and given back to the disk when a result could not be
 * written, so that running work can always finish (design §6). Results are never dropped.
 */
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Clock } from '../base/clock.ts';
import { errorText, type Logger } from '../base/logger.ts';
import type { GroupCommit } from './group-commit.ts';

const RESERVE_FILE = 'reserve';
const RESERVE_BYTES = 16 * 1024 * 1024;
/** Below this nothing new is admitted: the reserve again, so that it can be made anew once there is room. */
const LOW_BYTES = RESERVE_BYTES;
const DAY_MS = 86_400_000;
/** The EXEC stream keeps messages for 7 days; one more for clocks that differ (invariant 2). */
const LEDGER_MS = 8 * DAY_MS;
const PRUNE_BATCH = 500;

export interface Retention {
  readonly historyDays: number;
  readonly historyMaxBytes: number;
}

export class Keeper {
  readonly #db: Database;
  readonly #group: GroupCommit;
  readonly #directory: string;
  readonly #retention: Retention;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(deps: {
    db: Database;
    group: GroupCommit;
    directory: string;
    retention: Retention;
    clock: Clock;
    log: Logger;
  }) {
    this.#db = deps.db;
    this.#group = deps.group;
    this.#directory = deps.directory;
    this.#retention = deps.retention;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Free bytes on the store's disk, for this account; null where that can't be told. */
  freeBytes(): number | null {
    try {
      const { bavail, bsize } = statfsSync(this.#directory);
      return bavail * bsize;
    } catch {
      return null;
    }
  }

  /** True while there is room to admit; makes the reserve where it is missing and there is room for it. */
  hasRoom(): boolean {
    const free = this.freeBytes() ?? Number.POSITIVE_INFINITY;
    const reserved = existsSync(join(this.#directory, RESERVE_FILE));
    if (!reserved && free > 2 * RESERVE_BYTES + LOW_BYTES) this.#makeReserve();
    return free > (reserved ? LOW_BYTES : LOW_BYTES + RESERVE_BYTES);
  }

  /** Gives the reserve back to the disk. */
  releaseReserve(): void {
    rmSync(join(this.#directory, RESERVE_FILE), { force: true });
  }

  #makeReserve(): void {
    const path = join(this.#directory, RESERVE_FILE);
    try {
      const file = openSync(path, 'w', 0o600);
      try {
        // Written, not truncated to size: a sparse file reserves nothing.
        const chunk = Buffer.alloc(1024 * 1024, 1);
        for (let written = 0; written < RESERVE_BYTES; written += chunk.length) writeSync(file, chunk);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      rmSync(path, { force: true });
      this.#log.warn('the disk reserve could not be made', { error: errorText(error) });
    }
  }

  /** Moves the WAL into the file. Cheap when there is nothing to move. */
  checkpoint(): void {
    this.#db.pragma('wal_checkpoint(PASSIVE)');
  }

  /** Drops history beyond its age and size, in small batches; never a row that is open or whose result is not delivered. */
  async prune(): Promise<void> {
    const now = this.#clock.nowMs();
    await this.#pruneWhere('received_at < ?', now - this.#retention.historyDays * DAY_MS);
    while (this.#historyBytes() > this.#retention.historyMaxBytes) {
      if ((await this.#pruneOldest(PRUNE_BATCH)) === 0) break;
    }
    await this.#group.submit(() => {
      this.#db.prepare('DELETE FROM ledger WHERE received_at < ?').run(now - LEDGER_MS);
    });
  }

  /** What a full disk gives up first: the oldest tenth of the history, then the output of delivered runs. */
  async makeRoom(): Promise<void> {
    const { rows } = this.#db.prepare('SELECT count(*) AS rows FROM runs').get() as { rows: number };
    const dropped = await this.#pruneOldest(Math.max(PRUNE_BATCH, Math.ceil(rows / 10)));
    if (dropped === 0) {
      await this.#group.submit(() => {
        this.#db
          .prepare('DELETE FROM outputs WHERE run IN (SELECT run FROM runs WHERE delivered_at IS NOT NULL)')
          .run();
      });
    }
    this.checkpoint();
    this.#db.pragma('incremental_vacuum');
  }

  #historyBytes(): number {
    const pages = this.#db.pragma('page_count', { simple: true }) as number;
    const free = this.#db.pragma('freelist_count', { simple: true }) as number;
    return (pages - free) * (this.#db.pragma('page_size', { simple: true }) as number);
  }

  async #pruneWhere(condition: string, value: number): Promise<void> {
    for (;;) {
      const dropped = await this.#pruneSelected(
        `SELECT run FROM runs WHERE ${condition} AND ${PRUNABLE} ORDER BY received_at LIMIT ${PRUNE_BATCH}`,
        [value],
      );
      if (dropped < PRUNE_BATCH) return;
    }
  }

  #pruneOldest(limit: number): Promise<number> {
    // What is still needed to recognise a redelivery stays whole for the ledger's time.
    return this.#pruneSelected(`SELECT run FROM runs WHERE ${PRUNABLE} ORDER BY run LIMIT ?`, [limit]);
  }

  #pruneSelected(select: string, values: readonly number[]): Promise<number> {
    return this.#group.submit(() => {
      const runs = this.#db
        .prepare(select)
        .pluck()
        .all(...values) as number[];
      for (const table of ['outputs', 'commands', 'runs']) {
        const drop = this.#db.prepare(`DELETE FROM ${table} WHERE run = ?`);
        for (const run of runs) drop.run(run);
      }
      return runs.length;
    });
  }
}

const PRUNABLE = `state = 'finished' AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.run = runs.run)`;
