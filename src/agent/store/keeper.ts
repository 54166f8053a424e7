/**
 * Keeps the store within its bounds: history by age and size, the WAL by checkpoints, and the disk by admitting nothing
 * when it is nearly full (design §6). Results are never dropped. Age is told by the broker's clock alone, and by the order of
 * arrival: a clock of this PC that was set forgets nothing. All of it goes in steps of some ms, since the agent has one thread.
 */
import { statfsSync } from 'node:fs';
import type { Database, Statement } from 'better-sqlite3';
import { errorText, type Logger } from '../base/logger.ts';
import { loopTurn } from '../base/loop-turn.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Kills } from './kills.ts';
import { hasReserve, makeReserve, RESERVE_BYTES, releaseReserve } from './reserve.ts';

/** Below this nothing new is admitted: the reserve again, so that it can be made anew once there is room. */
const LOW_BYTES = RESERVE_BYTES;
const DAY_MS = 86_400_000;
/** The EXEC stream keeps messages for 7 days; one more for clocks that differ (invariant 2). */
const LEDGER_MS = 8 * DAY_MS;
/** A step looks at so many rows, and deletes for so long. */
const STEP_ROWS = 200;
const STEP_MS = 10;
const VACUUM_PAGES = 500;
/** Full disks give up a tenth of the history, at least so many runs. */
const ROOM_RUNS = 500;

export interface Retention {
  readonly historyDays: number;
  readonly historyMaxBytes: number;
}

/** The room on the store's disk. null: it can't be told, which counts as room. */
export interface DiskRoom {
  /** For this account. */
  readonly freeBytes: number | null;
  /** What still has to become free before anything is admitted; 0: there is room. */
  readonly neededBytes: number | null;
}

export class Keeper {
  readonly #db: Database;
  readonly #group: GroupCommit;
  readonly #kills: Kills;
  readonly #directory: string;
  readonly #retention: Retention;
  readonly #log: Logger;
  readonly #oldest: Statement;
  readonly #upTo: Statement;
  readonly #olderThan: Statement;
  readonly #withOutput: Statement;
  readonly #ledger: Statement;
  readonly #drop: readonly Statement[];
  readonly #dropOutput: Statement;

  constructor(deps: {
    db: Database;
    group: GroupCommit;
    kills: Kills;
    directory: string;
    retention: Retention;
    log: Logger;
  }) {
    const { db } = deps;
    this.#db = db;
    this.#group = deps.group;
    this.#kills = deps.kills;
    this.#directory = deps.directory;
    this.#retention = deps.retention;
    this.#log = deps.log;
    this.#oldest = db.prepare(`SELECT run FROM runs WHERE ${PRUNABLE} ORDER BY run LIMIT ${STEP_ROWS}`).pluck();
    this.#upTo = db
      .prepare(`
      SELECT run FROM runs WHERE run <= ? AND (server_at IS NULL OR server_at < ?) AND ${PRUNABLE}
      ORDER BY run LIMIT ${STEP_ROWS}`)
      .pluck();
    this.#olderThan = db.prepare('SELECT max(run) FROM runs WHERE server_at < ?').pluck();
    this.#withOutput = db
      .prepare(`
      SELECT run FROM runs WHERE run > ? AND delivered_at IS NOT NULL AND EXISTS (SELECT 1 FROM outputs WHERE outputs.run = runs.run)
      ORDER BY run LIMIT ${STEP_ROWS}`)
      .pluck();
    this.#ledger = db.prepare(`
      DELETE FROM ledger WHERE request_id IN (SELECT request_id FROM ledger
        WHERE run <= (SELECT max(run) FROM ledger WHERE server_at < @before) AND (server_at IS NULL OR server_at < @before)
          AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.run = ledger.run AND runs.state <> 'finished')
        ORDER BY run LIMIT ${STEP_ROWS})`);
    this.#drop = ['outputs', 'commands', 'runs'].map((table) => db.prepare(`DELETE FROM ${table} WHERE run = ?`));
    this.#dropOutput = db.prepare('DELETE FROM outputs WHERE run = ?');
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

  /** Looked at anew each time. */
  room(): DiskRoom {
    const freeBytes = this.freeBytes();
    if (freeBytes === null) return { freeBytes, neededBytes: null };
    const taken = hasReserve(this.#directory) ? LOW_BYTES : LOW_BYTES + RESERVE_BYTES;
    return { freeBytes, neededBytes: Math.max(0, taken + 1 - freeBytes) };
  }

  /** True while there is room to admit. */
  hasRoom(): boolean {
    return (this.room().neededBytes ?? 0) === 0;
  }

  /** Makes the reserve where it is missing and there is room for it. */
  async keepReserve(): Promise<void> {
    const free = this.freeBytes() ?? Number.POSITIVE_INFINITY;
    if (hasReserve(this.#directory) || free <= 2 * RESERVE_BYTES + LOW_BYTES) return;
    try {
      await makeReserve(this.#directory);
    } catch (error) {
      this.#log.warn('the disk reserve could not be made', { error: errorText(error) });
    }
  }

  /** Gives the reserve back to the disk. */
  releaseReserve(): void {
    releaseReserve(this.#directory);
  }

  /** Moves the WAL into the file. Cheap when there is nothing to move. */
  checkpoint(): void {
    this.#db.pragma('wal_checkpoint(PASSIVE)');
  }

  /**
   * Drops history beyond its age and size; never a row that is open or whose result is not delivered. `serverNowMs`: the
   * broker's clock; null: not known, so nothing is too old.
   */
  async prune(serverNowMs: number | null): Promise<void> {
    if (serverNowMs !== null) {
      const old = serverNowMs - this.#retention.historyDays * DAY_MS;
      // What has no time of the broker came before what has.
      const last = this.#olderThan.get(old) as number | null;
      if (last !== null) await this.#pruneAll(() => this.#upTo.all(last, old) as number[]);
      const before = serverNowMs - LEDGER_MS;
      while ((await this.#group.submit(() => this.#ledger.run({ before }).changes)) === STEP_ROWS) await loopTurn();
      await this.#group.submit(() => this.#kills.prune(before));
    }
    while (this.#historyBytes() > this.#retention.historyMaxBytes) {
      if ((await this.#step(() => this.#oldest.all() as number[])) === 0) break;
    }
  }

  /** What a full disk gives up: the oldest of the history until there is room, at most a tenth; then output of delivered runs. */
  async makeRoom(): Promise<void> {
    const runs = this.#db.prepare('SELECT count(*) FROM runs').pluck().get() as number;
    let left = Math.max(ROOM_RUNS, Math.ceil(runs / 10));
    let dropped = 0;
    while (left > 0 && !this.hasRoom()) {
      const now = await this.#step(() => (this.#oldest.all() as number[]).slice(0, left));
      if (now === 0) break;
      dropped += now;
      left -= now;
      this.#shrink();
    }
    if (dropped === 0) await this.#dropOutputs();
    if (dropped > 0) this.#log.warn('history was given up for room on the disk', { runs: dropped });
  }

  async #dropOutputs(): Promise<void> {
    for (let after = 0; !this.hasRoom(); ) {
      const runs = this.#withOutput.all(after) as number[];
      if (runs.length === 0) return;
      const done = await this.#group.submit(() => forSomeTime(runs, (run) => void this.#dropOutput.run(run)));
      after = runs[done - 1] ?? after;
      this.#shrink();
      await loopTurn();
    }
  }

  /** Gives freed pages back to the disk, some at a time. */
  #shrink(): void {
    this.checkpoint();
    this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
  }

  #historyBytes(): number {
    const pages = this.#db.pragma('page_count', { simple: true }) as number;
    const free = this.#db.pragma('freelist_count', { simple: true }) as number;
    return (pages - free) * (this.#db.pragma('page_size', { simple: true }) as number);
  }

  async #pruneAll(select: () => number[]): Promise<void> {
    while ((await this.#step(select)) > 0);
  }

  /** Drops some of the runs that `select` gives, for {@link STEP_MS}. Returns how many. */
  async #step(select: () => number[]): Promise<number> {
    const dropped = await this.#group.submit(() =>
      forSomeTime(select(), (run) => {
        for (const statement of this.#drop) statement.run(run);
      }),
    );
    await loopTurn();
    return dropped;
  }
}

const PRUNABLE = `state = 'finished' AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.run = runs.run)`;

/** Does it for each, until the time is up; returns for how many it was done, at least one. */
function forSomeTime(runs: readonly number[], drop: (run: number) => void): number {
  const until = performance.now() + STEP_MS;
  let done = 0;
  for (const run of runs) {
    drop(run);
    done += 1;
    if (performance.now() > until) break;
  }
  return done;
}
