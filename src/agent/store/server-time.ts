/**
 * The broker's time, as far as something may be forgotten by it: one answer that is wrong would cost the ledger. So it counts only
 * when an earlier one, of an hour ago or more, has said the same; that one outlives a restart.
 */
import type { Database } from 'better-sqlite3';
import type { Moment, Timeline } from '../../base/timeline.ts';
import type { GroupCommit } from './group-commit.ts';
import { Meta } from './meta.ts';

const KEY = 'server_time';
const APART_MS = 3_600_000 - 60_000;
/** What our own clocks may have been off meanwhile, over a restart of the PC. */
const AGREES_MS = 86_400_000;

interface Reading extends Moment {
  readonly serverMs: number;
}

export class ServerTime {
  readonly #meta: Meta;
  readonly #group: GroupCommit;
  readonly #timeline: Timeline;

  constructor(db: Database, group: GroupCommit, timeline: Timeline) {
    this.#meta = new Meta(db);
    this.#group = group;
    this.#timeline = timeline;
  }

  /** `serverNowMs` where it is confirmed; else null. Asked every hour. */
  async confirmed(serverNowMs: number | null): Promise<number | null> {
    if (serverNowMs === null) return null;
    const before = this.#meta.json<Reading>(KEY);
    const ageMs = before === null ? Number.POSITIVE_INFINITY : this.#timeline.ageMs(before);
    if (ageMs < APART_MS) return null;
    const reading: Reading = { serverMs: Math.round(serverNowMs), ...this.#timeline.now() };
    await this.#group.submit(() => this.#meta.setJson(KEY, reading));
    const agrees = before !== null && Math.abs(serverNowMs - before.serverMs - ageMs) < AGREES_MS;
    return agrees ? serverNowMs : null;
  }
}
