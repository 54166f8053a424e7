/** The newest fire of each schedule that was left out: said once, counted in memory, and stored now and then. */
import { drop } from '../../base/drop.ts';
import type { Logger } from '../../base/logger.ts';
import type { SkipReason } from '../../shared/schedules-view.ts';
import type { Store } from '../store/store.ts';

export interface Skip {
  readonly why: SkipReason;
  readonly note: string | null;
  readonly atMs: number;
  /** In a row, since the last run. */
  readonly count: number;
}

/** One that repeats itself is worth a write only so often. */
const WRITE_EVERY_MS = 60_000;

export class Skips {
  readonly #store: Pick<Store, 'scheduleRuns' | 'admits'>;
  readonly #log: Logger;
  readonly #newest = new Map<string, { readonly skip: Skip; readonly writtenMs: number }>();

  constructor(store: Pick<Store, 'scheduleRuns' | 'admits'>, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  get(id: string): Skip | null {
    return this.#newest.get(id)?.skip ?? (this.#store.scheduleRuns.skipped(id) as Skip | undefined) ?? null;
  }

  note(id: string, why: SkipReason, note: string | null, atMs: number): void {
    const before = this.#before(id);
    const skip = { why, note, atMs, count: (before?.count ?? 0) + 1 };
    const isNew = before === null || before.why !== why || before.note !== note;
    if (isNew) this.#log.warn('a schedule is due, and not fired', { schedule: id, why, note });
    const writtenMs = this.#newest.get(id)?.writtenMs ?? Number.NEGATIVE_INFINITY;
    const writes = (isNew || Math.abs(atMs - writtenMs) >= WRITE_EVERY_MS) && this.#store.admits;
    this.#newest.set(id, { skip, writtenMs: writes ? atMs : writtenMs });
    if (writes) drop(this.#store.scheduleRuns.noteSkipped(id, skip), this.#log, 'noting a skipped fire');
  }

  /** What can't be read at present was none. */
  #before(id: string): Skip | null {
    try {
      return this.get(id);
    } catch {
      return null;
    }
  }

  /** It has fired; the store has forgotten the skip with that. */
  forget(id: string): void {
    this.#newest.delete(id);
  }

  /** Those of schedules that are no more. */
  keepOnly(ids: { has(id: string): boolean }): void {
    for (const id of this.#newest.keys()) if (!ids.has(id)) this.#newest.delete(id);
  }
}
