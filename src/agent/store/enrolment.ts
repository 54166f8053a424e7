/**
 * Whether this PC is new to its fleet, and which states of this store its durable consumer has met. Both are what the store
 * knows: that the server lacks a consumer, or has one, says neither.
 *
 * Each binding leaves a name in the consumer, `<store>.<number>`. A higher number of this store than it has ever given tells that
 * it is an older copy; a lower one, that the consumer is: the broker was restored, or lost what it had not written yet.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { GroupCommit } from './group-commit.ts';
import { Meta } from './meta.ts';
import { isCorrupt } from './sqlite-errors.ts';

const ENROLLED = 'enrolled';
/** The name that the consumer is known to hold, and the one that is being given to it. */
const CONFIRMED = 'incarnation';
const PENDING = 'incarnation_pending';
/** The one that a consumer of IT's holds: nobody may give it another. */
const KEPT = 'incarnation_kept';
/** The last one that was meant for it meanwhile: it is never used, since a copy of the store may know it already. */
const SKIPPED = 'incarnation_skipped';

/** Neither a message without a name, which may have been refused, nor what a schedule of this PC has fired (`nameless.ts`). */
const FROM_THE_FLEET = `
  SELECT 1 FROM ledger LEFT JOIN runs USING (run) WHERE ledger.request_id >= '!' AND source IS NOT 'schedule' LIMIT 1`;

export class Enrolment {
  readonly #group: GroupCommit;
  readonly #meta: Meta;
  readonly #lasting: boolean;
  /** It had commands when it was opened: one of an older release, which did not note its enrolment. */
  readonly #hadCommands: boolean;

  /** `lasting` false: the store is a stand-in, and what it is told is gone with the process. */
  constructor(db: Database, group: GroupCommit, lasting: boolean) {
    this.#group = group;
    this.#lasting = lasting;
    this.#meta = new Meta(db);
    this.#hadCommands = hadCommands(db);
  }

  /** True once the consumer of this PC was bound, by whichever process; a store with commands in it has had one. */
  get enrolled(): boolean {
    return this.#meta.get(ENROLLED) === '1' || this.#hadCommands;
  }

  /** The consumer is bound, and holds the name that was meant for it. */
  async bound(): Promise<void> {
    const pending = this.#meta.get(PENDING);
    if (this.#meta.get(ENROLLED) === '1' && pending === null) return;
    await this.#group.submit(() => {
      this.#meta.set(ENROLLED, '1');
      if (pending === null) return;
      this.#meta.set(CONFIRMED, pending);
      this.#meta.drop(PENDING);
    });
  }

  /** The consumer is bound, and keeps the name that it holds; null: it has none. */
  async kept(incarnation: string | null): Promise<void> {
    const isNew = incarnation !== null && this.#meta.get(KEPT) !== incarnation;
    const pending = this.#meta.get(PENDING);
    if (this.#meta.get(ENROLLED) === '1' && !isNew && pending === null) return;
    await this.#group.submit(() => {
      this.#meta.set(ENROLLED, '1');
      if (incarnation !== null) this.#meta.set(KEPT, incarnation);
      if (pending === null) return;
      this.#meta.set(SKIPPED, pending);
      this.#meta.drop(PENDING);
    });
  }

  /**
   * The name that the consumer gets next, on disk before anybody hears of it; `found` is the one that it holds. One that may have
   * got there and was not confirmed is used again. null: the one that it holds is to stay.
   */
  async nextIncarnation(found: string | null): Promise<string | null> {
    if (!this.#lasting) return null;
    const last = this.#last;
    const pending = this.#meta.get(PENDING);
    if (pending !== null && (found === null || this.knowsIncarnation(found))) return pending;
    const theirs = found === null ? null : partsOf(found);
    const store = last?.store ?? randomUUID();
    const number = 1 + Math.max(last?.number ?? 0, theirs?.store === store ? theirs.number : 0);
    try {
      const next = `${store}.${number}`;
      await this.#group.submit(() => this.#meta.set(PENDING, next));
      return next;
    } catch {
      return this.#meta.get(CONFIRMED);
    }
  }

  knowsIncarnation(incarnation: string): boolean {
    if (incarnation === '' || !this.#lasting) return true;
    // Names of a release before had no number.
    if ([CONFIRMED, PENDING, KEPT].some((key) => this.#meta.get(key) === incarnation)) return true;
    const [theirs, ours] = [partsOf(incarnation), this.#last];
    return theirs !== null && theirs.store === ours?.store && theirs.number <= ours.number;
  }

  /** The highest that was ever given. */
  get #last(): Incarnation | null {
    const given = [PENDING, SKIPPED, CONFIRMED]
      .map((key) => partsOf(this.#meta.get(key) ?? ''))
      .filter((each) => each !== null);
    return given.toSorted((a, b) => b.number - a.number)[0] ?? null;
  }
}

/** One of which a page is lost had some. */
function hadCommands(db: Database): boolean {
  try {
    return db.prepare(FROM_THE_FLEET).get() !== undefined;
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    return true;
  }
}

interface Incarnation {
  readonly store: string;
  readonly number: number;
}

function partsOf(name: string): Incarnation | null {
  const [, store, number] = /^([-\w]{1,64})\.(\d{1,15})$/.exec(name) ?? [];
  return store === undefined ? null : { store, number: Number(number) };
}
