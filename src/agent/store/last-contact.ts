/** One moment that outlives a restart: when the fleet was heard. */
import type { Database } from 'better-sqlite3';
import type { Moment, Timeline } from '../../base/timeline.ts';
import type { GroupCommit } from './group-commit.ts';
import { Meta } from './meta.ts';

const KEY = 'last_contact';

/** When the fleet was last heard of by an earlier process: how old our view of it is outlives a restart. */
export class LastContact {
  readonly #group: GroupCommit;
  readonly #meta: Meta;
  readonly #timeline: Timeline;

  constructor(db: Database, group: GroupCommit, timeline: Timeline) {
    this.#group = group;
    this.#meta = new Meta(db);
    this.#timeline = timeline;
  }

  /** It was heard of `agoMs` before now. Not worth a commit of its own. */
  note(agoMs: number): Promise<void> {
    const { wallMs, upMs, boot } = this.#timeline.now();
    const moment: Moment = { wallMs: Math.round(wallMs - agoMs), upMs: Math.round(upMs - agoMs), boot };
    return this.#group.submitLazily(() => this.#meta.setJson(KEY, moment));
  }

  /** How long ago that was, ms; Infinity where it never was, or can't be told. Throws where the store can't be read. */
  ageMs(): number {
    const moment = this.#meta.json<Moment>(KEY);
    return moment === null ? Number.POSITIVE_INFINITY : this.#timeline.ageMs(moment);
  }
}
