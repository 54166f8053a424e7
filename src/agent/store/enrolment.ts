/**
 * Whether this PC is new to its fleet, and which states of this store its durable consumer has met. Both are what the store
 * knows: that the server lacks a consumer, or has one, says neither.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { GroupCommit } from './group-commit.ts';
import { Meta } from './meta.ts';

const ENROLLED = 'enrolled';
const INCARNATIONS = 'incarnations';
/** One for each connection of late; the consumer holds the newest. */
const KEPT = 64;

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
    this.#hadCommands = db.prepare('SELECT 1 FROM ledger LIMIT 1').get() !== undefined;
  }

  /** True once the consumer of this PC was bound, by whichever process; a store with commands in it has had one. */
  get enrolled(): boolean {
    return this.#meta.get(ENROLLED) === '1' || this.#hadCommands;
  }

  async note(): Promise<void> {
    if (this.#meta.get(ENROLLED) === '1') return;
    await this.#group.submit(() => this.#meta.set(ENROLLED, '1'));
  }

  /** A new name for what the consumer meets from now on, on disk before anybody hears of it; on a full disk the one before. */
  async nextIncarnation(): Promise<string> {
    if (!this.#lasting) return '';
    const next = randomUUID();
    try {
      await this.#group.submit(() => {
        this.#meta.set(INCARNATIONS, [...this.#known().slice(1 - KEPT), next].join(' '));
      });
      return next;
    } catch {
      return this.#known().at(-1) ?? '';
    }
  }

  knowsIncarnation(incarnation: string): boolean {
    return incarnation === '' || !this.#lasting || this.#known().includes(incarnation);
  }

  #known(): string[] {
    return this.#meta.get(INCARNATIONS)?.split(' ') ?? [];
  }
}
