/** Stopped executions. Invariant: a kill holds for a command that comes after it. */
import type { Database, Statement } from 'better-sqlite3';
import type { RunId } from '../../shared/ids.ts';
import type { GroupCommit } from './group-commit.ts';

/** So many are kept at least, whatever their age: it is the newest whose commands can still come. */
const KEPT = 10_000;

/**
 * Executions that IT wants stopped. A kill may come before its command does (the store had no room, the command was missed
 * and is replayed later), so it is kept for as long as a command of its execution can still come.
 */
export class Kills {
  readonly #group: GroupCommit;
  readonly #put: Statement;
  readonly #get: Statement;
  readonly #mark: Statement;
  readonly #prune: Statement;

  constructor(db: Database, group: GroupCommit) {
    this.#group = group;
    this.#put = db.prepare('INSERT INTO kills (exec_id, at, server_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#get = db.prepare('SELECT at FROM kills WHERE exec_id = ?').pluck();
    this.#mark = db
      .prepare(
        `UPDATE runs SET kill_at = ? WHERE state <> 'finished' AND exec_id = ? AND kill_at IS NULL RETURNING run`,
      )
      .pluck();
    this.#prune = db.prepare(`
      DELETE FROM kills WHERE entry <= (SELECT max(entry) FROM kills WHERE server_at < @before)
        AND (server_at IS NULL OR server_at < @before) AND entry <= (SELECT max(entry) FROM kills) - ${KEPT}`);
  }

  /**
   * Keeps the kill and notes it on every open run of the execution; returns those. Commands that arrived before are admitted
   * before, since writes keep their order: a kill can't slip between arrival and admission (D9).
   */
  record(execId: string, atMs: number, serverAtMs: number | null): Promise<RunId[]> {
    return this.#group.submit(() => {
      this.#put.run(execId, atMs, serverAtMs === null ? null : Math.round(serverAtMs));
      return this.#mark.all(atMs, execId) as RunId[];
    });
  }

  /** When the execution was killed, ms since the epoch; null: it was not. */
  atMs(execId: string): number | null {
    return (this.#get.get(execId) as number | undefined) ?? null;
  }

  /** Inside a transaction: forgets those before this moment of the broker's clock. */
  prune(beforeServerMs: number): void {
    this.#prune.run({ before: beforeServerMs });
  }
}
