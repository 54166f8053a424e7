/**
 * What has to outlive us about updates: what failed here and is not tried again, and what is waited for. Kept in one row of
 * `meta`, so that the release before needs to know nothing of it.
 */
import type { Database } from 'better-sqlite3';
import type { Moment } from '../../base/timeline.ts';
import type { UndoneReason } from '../../shared/update-reasons.ts';
import type { GroupCommit } from './group-commit.ts';
import { Meta } from './meta.ts';

/** A version that was taken back or did not pass its own test here. Never tried again under this manifest. */
export interface UndoneUpdate {
  readonly version: string;
  /** The number of its manifest, and the SHA-256 of that. */
  readonly serial: number;
  readonly manifest: string;
  readonly why: UndoneReason;
  readonly atMs: number;
}

/** What a PC has been told to wait for, for one manifest. */
export interface UpdateWait {
  readonly manifest: string;
  /** Drawn from the jitter of the fleet, and when. */
  readonly jitterMs: number;
  readonly drawn: Moment;
  /** Since when it could be installed; null: not yet. The person may postpone from then on. */
  readonly ready: Moment | null;
  /** Not before; the person has said so. null: they have not. */
  readonly postponedToMs: number | null;
  /** Copies of the store for it that no process has brought to an end yet, one way or the other. */
  readonly copiesBegun?: number;
  /** How many times it was given to what puts it into its place. */
  readonly handOversBegun?: number;
}

interface Notes {
  readonly undone: readonly UndoneUpdate[];
  readonly wait: UpdateWait | null;
}

const KEY = 'updates';
/** Shown and remembered are the newest ones. */
const MAX_UNDONE = 50;

export class UpdateNotes {
  readonly #meta: Meta;
  readonly #group: GroupCommit;
  readonly #listeners = new Set<(undone: UndoneUpdate) => void>();

  constructor(db: Database, group: GroupCommit) {
    this.#meta = new Meta(db);
    this.#group = group;
  }

  /** Newest first. */
  get undone(): readonly UndoneUpdate[] {
    return this.#notes.undone;
  }

  get wait(): UpdateWait | null {
    return this.#notes.wait;
  }

  isUndone({ manifest }: Pick<UndoneUpdate, 'manifest'>): boolean {
    return this.undone.some((each) => each.manifest === manifest);
  }

  /** Called after each that is on the disk; returns how to end that. */
  onUndone(listener: (undone: UndoneUpdate) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Rejects where the store takes nothing. */
  async noteUndone(undone: UndoneUpdate): Promise<void> {
    if (this.isUndone(undone)) return;
    await this.#put((notes) => ({ ...notes, undone: [undone, ...notes.undone].slice(0, MAX_UNDONE) }));
    for (const listener of this.#listeners) listener(undone);
  }

  async noteWait(wait: UpdateWait | null): Promise<void> {
    await this.#put((notes) => ({ ...notes, wait }));
  }

  /** Of that manifest; nothing where another one is waited for. */
  async changeWait(manifest: string, change: (wait: UpdateWait) => Partial<UpdateWait>): Promise<void> {
    await this.#put((notes) => {
      const { wait } = notes;
      return wait?.manifest === manifest ? { ...notes, wait: { ...wait, ...change(wait) } } : notes;
    });
  }

  async #put(change: (notes: Notes) => Notes): Promise<void> {
    await this.#group.submit(() => this.#meta.setJson(KEY, change(this.#notes)));
  }

  get #notes(): Notes {
    const { undone = [], wait = null } = this.#meta.json<Partial<Notes>>(KEY) ?? {};
    // An older release noted times of the wall clock; it is drawn again.
    return { undone, wait: wait?.drawn === undefined ? null : wait };
  }
}
