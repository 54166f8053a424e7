/**
 * Checks the whole file some time after the start (the start itself checks only what it needs). The file is locked for this
 * process and this connection alone, so it can't be done in another thread; it goes in steps of some ms, with pauses, and as long
 * as there is hope for it not while the agent has something to do: on a slow disk one read of a large table would take longer than
 * the watchdog waits. So large tables are read row by row, which finds every page that can't be read, and each row is searched for
 * in each index; the small ones are checked as a whole. What can't be read at present is read again, for as long as the store is
 * open: that it never can be is told by whoever watches its statements, see `damage.ts`.
 */
import type { Database } from 'better-sqlite3';
import { errorText } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import { indexChecks } from './index-check.ts';
import { quickCheck } from './quick-check.ts';
import { isCorrupt, mayPass } from './sqlite-errors.ts';

const PAUSE_MS = 1_000;
/** For so long in all it waits for others; rows that stay open for ever must not keep it from its end. */
const PATIENCE_MS = 3_600_000;
/** These may hold a gigabyte. */
const LARGE = ['outputs', 'commands', 'runs', 'outbox'];
const STEP_MS = 10;

export interface WholeCheckOptions {
  readonly db: Database;
  /** False while there is something more urgent. */
  readonly idle: () => boolean;
  /** See `DamageWatch.read`. */
  readonly read?: <T>(what: string, read: () => T) => T;
  readonly pauseMs?: number;
  readonly patienceMs?: number;
}

/** Resolves to what is wrong, or null. Rejects when aborted. */
export async function checkIntegrity(options: WholeCheckOptions, signal: AbortSignal): Promise<string | null> {
  const { db, idle, read = (_what, work) => work(), pauseMs = PAUSE_MS, patienceMs = PATIENCE_MS } = options;
  const patientUntil = performance.now() + patienceMs;
  let at = 'sqlite_schema';
  try {
    const names = () => db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all() as string[];
    for (const table of await onceReadable(names)) {
      at = table;
      const wrong = LARGE.includes(table) ? await readLarge(table) : await check(table);
      if (wrong !== null) return `${at}: ${wrong}`;
    }
    return null;
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    return `${at}: ${errorText(error)}`;
  }

  async function onceReadable<T>(work: () => T): Promise<T> {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!mayPass(error)) throw error;
        await sleep(pauseMs, signal);
      }
    }
  }

  async function idleAgain(): Promise<void> {
    do await sleep(pauseMs, signal);
    while (!(await onceReadable(() => performance.now() >= patientUntil || idle())));
  }

  async function check(table: string): Promise<null> {
    await idleAgain();
    await onceReadable(() => read(table, () => quickCheck(db, table)));
    return null;
  }

  async function readLarge(table: string): Promise<string | null> {
    const next = db.prepare(`SELECT rowid AS at, * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT 1`);
    const indexes = await onceReadable(() => indexChecks(db, table));
    for (let after = 0; ; ) {
      await idleAgain();
      const from = after;
      const step = () => {
        const until = performance.now() + STEP_MS;
        do {
          const row = next.get(after) as { at: number } | undefined;
          if (row === undefined) break;
          after = row.at;
        } while (performance.now() < until);
        for (const { index, missing } of indexes) {
          const row = missing.get(from, after) as number | undefined;
          if (row !== undefined) return `row ${row} is missing in ${index}`;
        }
        return null;
      };
      const wrong = await onceReadable(step);
      if (wrong !== null || after === from) return wrong;
    }
  }
}
