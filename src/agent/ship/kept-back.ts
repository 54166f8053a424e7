/**
 * Rows that something outside of them keeps back: a permission, want of room, nobody who answers. Invariant: what
 * is told of it is that of a row which is still kept back; null as soon as there is none.
 */
import type { PublishOutcome } from '../bus/bus.ts';

/** Why something that was sent is not stored. */
export type Failure = Exclude<PublishOutcome, { kind: 'stored' | 'lost' }>;

/** One is enough to show it; as many as may wait are remembered by number, so that it is known when it is the last one's turn. */
const ROWS_MAX = 100_000;

export class KeptBack {
  readonly #rows = new Map<number, Failure>();
  readonly #tell: (failure: Failure | null) => void;

  /** `tell` hears what keeps rows back, whenever that may have changed. */
  constructor(tell: (failure: Failure | null) => void) {
    this.#tell = tell;
  }

  add(seq: number, failure: Failure): void {
    if (this.#rows.size < ROWS_MAX) this.#rows.set(seq, failure);
    this.#tell(failure);
  }

  /** This row is not, whatever becomes of it. */
  release(seq: number): void {
    if (this.#rows.delete(seq)) this.#tellRest();
  }

  /** This row was stored, so there is room, and an answer. Each result has a permission of its own. */
  stored(seq: number): void {
    this.#rows.delete(seq);
    for (const [each, { kind }] of this.#rows) if (kind !== 'forbidden') this.#rows.delete(each);
    this.#tellRest();
  }

  /** Tells nobody: it is the connection that has ended. */
  clear(): void {
    this.#rows.clear();
  }

  #tellRest(): void {
    const rest = [...this.#rows.values()];
    this.#tell(rest.find(({ kind }) => kind === 'forbidden') ?? rest[0] ?? null);
  }
}
