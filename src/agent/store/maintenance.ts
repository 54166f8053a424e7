/**
 * Keeps the store within its bounds: history by age and size, the WAL by checkpoints, the disk and what waits by
 * admitting nothing when there is too little of the one or too much of the other (architecture §6). Results are never dropped. Age is told by the broker's clock alone, and by the order of
 * arrival: a clock of this PC that was set forgets nothing. All of it goes in steps of some ms, since the agent has one thread.
 */
import { statfsSync } from 'node:fs';
import type { Database, Statement } from 'better-sqlite3';
import { errorText, type Logger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import type { RunId } from '../../shared/ids.ts';
import { DAY_MS } from '../../shared/time-units.ts';
import type { GroupCommit } from './group-commit.ts';
import { keptBytes } from './kept-bytes.ts';
import type { Kills } from './kills.ts';
import { hasReserve, makeReserve, RESERVE_BYTES, releaseReserve } from './reserve.ts';

/** Below this nothing new is admitted: the reserve again, so that it can be made again once there is room. */
const LOW_BYTES = RESERVE_BYTES;
/** The EXEC stream keeps messages for 7 days; one more for clocks that differ (invariant 2). */
const LEDGER_MS = 8 * DAY_MS;
/** Beyond that, since what the stream had can be sent again by others (threat-model §2): so many ids, for a year. */
const LEDGER_ROWS = 50_000;
const LEDGER_LONG_MS = 365 * DAY_MS;
/** A step reads so many rows, and deletes for so long. */
const STEP_ROWS = 200;
const STEP_MS = 10;
const VACUUM_PAGES = 500;
/** What waits was too much: of so much of its limit on there is room again. */
const QUEUE_AGAIN = 0.9;
/** Full disks give up a tenth of the history, at least so many runs. */
const ROOM_RUNS = 500;

export interface Retention {
  readonly historyDays: number;
  readonly historyMaxBytes: number;
  /** Beyond it nothing new is admitted, until what waits has become less. Absent: there is no such bound. */
  readonly queueMaxBytes?: number;
  /** In place of {@link LEDGER_ROWS}. */
  readonly ledgerRows?: number;
}

/** The room on the store's disk. null: it can't be told, which counts as room. */
export interface DiskRoom {
  /** For this account. */
  readonly freeBytes: number | null;
  /** What still has to become free before anything is admitted; 0: there is room. */
  readonly neededBytes: number | null;
}

export class StoreMaintenance {
  readonly #db: Database;
  readonly #group: GroupCommit;
  readonly #kills: Kills;
  readonly #directory: string;
  readonly #retention: Retention;
  readonly #log: Logger;
  readonly #next: Statement;
  readonly #olderThan: Statement;
  readonly #nextOutput: Statement;
  readonly #ledgerOlderThan: Statement;
  readonly #ledgerTimeOf: Statement;
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
    this.#next = db.prepare(`
      SELECT run, ((server_at IS NULL OR server_at < @before) AND state = 'finished'
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.run = runs.run)) AS goes
      FROM runs WHERE run > @after AND run <= @last ORDER BY run LIMIT ${STEP_ROWS}`);
    this.#nextOutput = db.prepare(`
      SELECT run, EXISTS (SELECT 1 FROM runs WHERE runs.run = outputs.run AND delivered_at IS NOT NULL) AS goes
      FROM outputs WHERE run > @after ORDER BY run LIMIT ${STEP_ROWS}`);
    this.#olderThan = db.prepare('SELECT run FROM runs WHERE server_at < ? ORDER BY server_at DESC LIMIT 1').pluck();
    this.#ledgerOlderThan = db
      .prepare('SELECT run FROM ledger WHERE server_at < ? ORDER BY server_at DESC LIMIT 1')
      .pluck();
    this.#ledgerTimeOf = db
      .prepare('SELECT server_at FROM ledger WHERE server_at IS NOT NULL ORDER BY server_at DESC LIMIT 1 OFFSET ?')
      .pluck();
    this.#ledger = db.prepare(`
      DELETE FROM ledger WHERE request_id IN (SELECT request_id FROM ledger
        WHERE run <= @last AND (server_at IS NULL OR server_at < @before)
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

  /** Checked again each time. */
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

  /** Whether what is not ended or not delivered takes more than it may. `was`: it did when it was checked last. */
  async queueIsFull(was: boolean): Promise<boolean> {
    const { queueMaxBytes = Number.POSITIVE_INFINITY } = this.#retention;
    const limit = queueMaxBytes * (was ? QUEUE_AGAIN : 1);
    // All of the file is the most that it can be; that costs nothing to ask.
    return this.#usedBytes() > limit && (await keptBytes(this.#db)) > limit;
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
      const last = this.#olderThan.get(old) as number | undefined;
      if (last !== undefined) await this.#dropRuns({ last, before: old }, () => true);
      await this.#pruneLedger(this.#ledgerKeptFrom(serverNowMs));
      await this.#group.submit(() => this.#kills.prune(serverNowMs - LEDGER_MS));
    }
    if (this.#usedBytes() <= this.#retention.historyMaxBytes) return;
    // What is no history is no reason to lose any.
    const limit = this.#retention.historyMaxBytes + (await keptBytes(this.#db));
    await this.#dropRuns(ANY, () => this.#usedBytes() > limit);
  }

  /** By the broker's clock. */
  #ledgerKeptFrom(serverNowMs: number): number {
    const beyondMs =
      (this.#ledgerTimeOf.get(this.#retention.ledgerRows ?? LEDGER_ROWS) as number | undefined) ??
      Number.NEGATIVE_INFINITY;
    return Math.max(serverNowMs - LEDGER_LONG_MS, Math.min(serverNowMs - LEDGER_MS, beyondMs + 1));
  }

  async #pruneLedger(before: number): Promise<void> {
    const last = this.#ledgerOlderThan.get(before) as number | undefined;
    if (last === undefined) return;
    while ((await this.#group.submit(() => this.#ledger.run({ before, last }).changes)) === STEP_ROWS) await loopTurn();
  }

  /**
   * What a full disk gives up: the oldest of the history until there is room, some tenth of it; if there is none, output.
   * `evenWithRoom`: the disk has some, and does not give it to us (a quota), so some of it goes in any case.
   */
  async makeRoom(evenWithRoom = false): Promise<void> {
    const runs = this.#db.prepare('SELECT count(*) FROM runs').pluck().get() as number;
    const atMost = Math.max(ROOM_RUNS, Math.ceil(runs / 10));
    let shrunkAt = 0;
    const dropped = await this.#dropRuns(ANY, (soFar) => {
      if (soFar > shrunkAt) this.#shrink();
      shrunkAt = soFar;
      return soFar < atMost && (!this.hasRoom() || (evenWithRoom && soFar < ROOM_RUNS));
    });
    if (dropped === 0) await this.#dropOutputs();
    if (dropped > 0) this.#log.warn('history was given up for room on the disk', { runs: dropped });
  }

  async #dropOutputs(): Promise<void> {
    const drop = [this.#dropOutput];
    for (let after: number | null = 0; after !== null && !this.hasRoom(); ) {
      const step = await this.#step(() => this.#nextOutput.all({ after }) as Candidate[], drop);
      after = step.after;
      if (step.dropped > 0) this.#shrink();
    }
  }

  /** Gives freed pages back to the disk, some at a time. */
  #shrink(): void {
    this.checkpoint();
    this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
  }

  #usedBytes(): number {
    const pages = this.#db.pragma('page_count', { simple: true }) as number;
    const free = this.#db.pragma('freelist_count', { simple: true }) as number;
    return (pages - free) * (this.#db.pragma('page_size', { simple: true }) as number);
  }

  /** Drops history in the order of arrival, while `goOn` says so; it is told how many went. Returns that. */
  async #dropRuns(which: Which, goOn: (dropped: number) => boolean): Promise<number> {
    let dropped = 0;
    for (let after: number | null = 0; after !== null && goOn(dropped); ) {
      const step = await this.#step(() => this.#next.all({ ...which, after }) as Candidate[], this.#drop);
      after = step.after;
      dropped += step.dropped;
    }
    return dropped;
  }

  /** Reads the next rows, and drops those that may go, for {@link STEP_MS}. `after`: where the next step begins; null: nowhere. */
  async #step(
    next: () => readonly Candidate[],
    drop: readonly Statement[],
  ): Promise<{ after: number | null; dropped: number }> {
    const step = await this.#group.submit(() => {
      const until = performance.now() + STEP_MS;
      let after: number | null = null;
      let dropped = 0;
      for (const { run, goes } of next()) {
        after = run;
        if (goes === 0) continue;
        for (const statement of drop) statement.run(run);
        dropped += 1;
        if (performance.now() > until) break;
      }
      return { after, dropped };
    });
    await loopTurn();
    return step;
  }
}

/** Of these runs, what is finished and delivered, or had nothing to deliver. */
interface Which {
  readonly last: number;
  /** By the broker's clock, where it was known. */
  readonly before: number;
}

const ANY: Which = { last: Number.MAX_SAFE_INTEGER, before: Number.MAX_SAFE_INTEGER };

interface Candidate {
  readonly run: RunId;
  readonly goes: 0 | 1;
}
