/**
 * Checks the whole file some time after the start (the start itself checks only what it needs). The file is locked for this
 * process and this connection alone, so it can't be done in another thread; it goes in steps of some ms, with pauses, and never
 * while the agent has something to do: on a slow disk one look at a large table would take longer than the watchdog waits. So
 * large tables are read row by row, which finds every page that can't be read; the small ones are also checked in themselves. A
 * damaged file is noted and moved aside by the next start.
 */
import type { Database } from 'better-sqlite3';
import { errorText, type Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import { noteDamage } from './aside.ts';

const PAUSE_MS = 1_000;
/** These may hold a gigabyte. */
const LARGE = ['outputs', 'commands', 'runs', 'outbox'];
const STEP_MS = 10;

export interface WholeCheckOptions {
  readonly db: Database;
  readonly directory: string;
  /** False while there is something more urgent. */
  readonly idle: () => boolean;
  readonly log: Logger;
  readonly pauseMs?: number;
}

/** Resolves to what is wrong, or null. Rejects when aborted. */
export async function checkWhole(options: WholeCheckOptions, signal: AbortSignal): Promise<string | null> {
  const { db, directory, idle, log, pauseMs = PAUSE_MS } = options;
  const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all() as string[];
  for (const table of tables) {
    const what = LARGE.includes(table) ? await readRows(table) : await check(table);
    if (what === null) continue;
    log.error('the store is damaged; the next start begins a new one', { what });
    noteDamage(directory, what);
    return what;
  }
  return null;

  async function idleAgain(): Promise<void> {
    do await sleep(pauseMs, signal);
    while (!idle());
  }

  async function check(table: string): Promise<string | null> {
    await idleAgain();
    const answer = db.pragma(`quick_check(${table})`, { simple: true });
    return answer === 'ok' ? null : `${table}: ${String(answer)}`;
  }

  async function readRows(table: string): Promise<string | null> {
    const next = db.prepare(`SELECT rowid AS at, * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT 1`);
    for (let after = 0; ; ) {
      await idleAgain();
      const until = performance.now() + STEP_MS;
      try {
        while (performance.now() < until) {
          const row = next.get(after) as { at: number } | undefined;
          if (row === undefined) return null;
          after = row.at;
        }
      } catch (error) {
        return `${table}: ${errorText(error)}`;
      }
    }
  }
}
