/**
 * Whether the store takes writes, and commands. Invariant: it admits nothing while a write has failed, or too much waits, until room was
 * made and a write has gone through. Each change is said once.
 */
import type { Database } from 'better-sqlite3';
import { errorText, type LogFields, type Logger } from '../../base/logger.ts';
import { type Watched, WatchedCell } from '../../base/watched.ts';
import type { GroupCommit } from './group-commit.ts';
import type { DiskRoom, StoreMaintenance } from './maintenance.ts';
import { isFull, isUnwritable } from './sqlite-errors.ts';

/**
 * `ok`: admits. `queue_full`: so much waits that nothing is added to it. `full`, `read_only`: the last write failed so, or the file
 * is damaged. `future`: this start has no usable file.
 */
export type StoreState = 'ok' | 'queue_full' | 'full' | 'read_only' | 'future';

/** `ok` false: nothing is admitted until there is more room. */
export interface StoreRoom extends DiskRoom {
  readonly ok: boolean;
}

export interface WritabilityOptions {
  readonly db: Database;
  readonly group: GroupCommit;
  readonly maintenance: StoreMaintenance;
  readonly state: WatchedCell<StoreState>;
  /** Also where it admits nothing, since too much waits. */
  readonly isWritable: () => boolean;
  readonly log: Logger;
}

export class Writability {
  readonly #options: WritabilityOptions;
  readonly #room: WatchedCell<StoreRoom>;
  /** The disk has room, and does not give it to us. */
  #isQuotaFull = false;

  constructor(options: WritabilityOptions) {
    this.#options = options;
    this.#room = new WatchedCell(this.#readRoom());
    options.state.watch(() => this.#room.set(this.#readRoom()));
  }

  /** Of now while there is too little; with room enough nobody asks how much it is, and it is that of the last change. */
  get room(): Watched<StoreRoom> {
    return this.#room;
  }

  /** Whether there is room, and whether what made the store unwritable is gone. */
  async probe(): Promise<void> {
    const { maintenance } = this.#options;
    if (!maintenance.hasRoom()) {
      this.#becomes('full', { free_bytes: maintenance.freeBytes() });
      await this.#makeRoom(false);
      if (!maintenance.hasRoom()) return;
    } else if (this.#isQuotaFull) {
      this.#isQuotaFull = false;
      await this.#makeRoom(true);
    }
    if (!this.#options.isWritable()) await this.#tryToWrite();
    if (this.#options.isWritable()) await this.#checkQueue();
  }

  followRoom(): void {
    if (this.#options.state.value !== 'full') return;
    const [was, is] = [this.#room.value, this.#readRoom()];
    if (is.freeBytes !== was.freeBytes || is.neededBytes !== was.neededBytes) this.#room.set(is);
  }

  /** A write has failed. */
  failed(error: unknown): void {
    const { log, maintenance } = this.#options;
    const state = isFull(error) ? 'full' : isUnwritable(error) ? 'read_only' : null;
    if (state === null) {
      log.error('a write to the store failed', { error: errorText(error) });
      return;
    }
    if (state === 'full') {
      maintenance.releaseReserve();
      this.#isQuotaFull = maintenance.hasRoom();
    }
    this.#becomes(state, { error: errorText(error) });
  }

  #readRoom(): StoreRoom {
    return { ok: this.#options.state.value !== 'full', ...this.#options.maintenance.room() };
  }

  async #tryToWrite(): Promise<void> {
    const { db, group, log } = this.#options;
    try {
      await group.submit(() => {
        db.prepare(`INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', datetime('now'))`).run();
      });
    } catch {
      // What failed was noted by `failed`; the next round tries again.
      return;
    }
    log.info('the store can be written again');
    this.#options.state.set('ok');
  }

  async #checkQueue(): Promise<void> {
    const { log, maintenance } = this.#options;
    const was = this.#options.state.value === 'queue_full';
    const isFullNow = await maintenance.queueIsFull(was);
    // A write may have failed meanwhile, which counts for more.
    if (isFullNow === was || !this.#options.isWritable()) return;
    if (isFullNow) log.error('so much waits to be run or sent that no new command is taken');
    else log.info('there is room for new commands again');
    this.#options.state.set(isFullNow ? 'queue_full' : 'ok');
  }

  async #makeRoom(evenWithRoom: boolean): Promise<void> {
    const { log, maintenance } = this.#options;
    await maintenance.makeRoom(evenWithRoom).catch((error: unknown) => {
      log.debug('no room could be made', { error: errorText(error) });
    });
  }

  #becomes(state: 'full' | 'read_only', fields: LogFields): void {
    if (this.#options.state.value === state) return;
    this.#options.log.error('the store can not be written', { state, ...fields });
    this.#options.state.set(state);
  }
}
