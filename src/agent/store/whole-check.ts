/**
 * Checks the whole file some time after the start (the start itself checks only what it needs). The file is locked for this
 * process and this connection alone, so it can't be done in another thread; it goes table by table, with pauses, and never
 * while the agent has something to do. A damaged file is noted and moved aside by the next start.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';

/** Present: the next start takes the file for damaged. */
export const DAMAGED_FILE = 'store-is-damaged';
const PAUSE_MS = 1_000;

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
    do await sleep(pauseMs, signal);
    while (!idle());
    const answer = db.pragma(`quick_check(${table})`, { simple: true });
    if (answer === 'ok') continue;
    const what = `${table}: ${String(answer)}`;
    log.error('the store is damaged; the next start begins a new one', { what });
    writeFileSync(join(directory, DAMAGED_FILE), `${what}\n`, { mode: 0o600 });
    return what;
  }
  return null;
}
