/**
 * The lines of a list: its runs, a heading where the day changes, and one line for those that fold, which stays above them while they are
 * unfolded. Any line is found without making those before it: a long list is mostly runs.
 */
import type { RunOutline } from '../../shared/run-outline.ts';

export type Line =
  | { readonly kind: 'day'; readonly day: ListDay }
  | { readonly kind: 'run'; readonly index: number; readonly within: Fold | null }
  | { readonly kind: 'fold'; readonly fold: Fold; readonly open: boolean };

export interface ListDay {
  /** null: before the first day that is told apart. */
  readonly startMs: number | null;
  readonly count: number;
  /** Its line. */
  readonly at: number;
}

export interface Fold {
  /** How many runs there are before its oldest one: that stays the same while newer ones come. */
  readonly id: number;
  /** The place of the newest of them. */
  readonly first: number;
  readonly count: number;
  readonly oldestAtMs: number;
}

/** Lines that belong together, from line `at` on; the first of them is `index` among the runs. */
type Piece = { readonly at: number; readonly index: number } & (
  | { readonly kind: 'day'; readonly day: ListDay }
  | { readonly kind: 'runs'; readonly within: Fold | null }
  | { readonly kind: 'fold'; readonly fold: Fold; readonly open: boolean }
);

export type Outlined = Pick<RunOutline, 'matching' | 'days' | 'folds'>;

export class ListLayout {
  readonly #pieces: Piece[] = [];
  readonly #headings: ReadonlySet<number>;
  readonly lines: number;

  /** @param unfolded the ids of the folds that are open */
  constructor({ matching, days, folds }: Outlined, unfolded: ReadonlySet<number>) {
    const headings: number[] = [];
    let at = 0;
    let index = 0;
    let nextFold = 0;
    const runsTo = (end: number) => {
      if (end > index) this.#pieces.push({ kind: 'runs', at, index, within: null });
      at += end - index;
      index = end;
    };
    const fold = (first: number, count: number, oldestAtMs: number) => {
      const made: Fold = { id: matching - first - count, first, count, oldestAtMs };
      const open = unfolded.has(made.id);
      this.#pieces.push({ kind: 'fold', at, index, fold: made, open });
      if (open) this.#pieces.push({ kind: 'runs', at: at + 1, index, within: made });
      at += open ? count + 1 : 1;
      index += count;
    };
    const stretch = (end: number) => {
      for (let each = folds[nextFold]; each !== undefined && each[0] < end; each = folds[nextFold]) {
        runsTo(each[0]);
        fold(...each);
        nextFold += 1;
      }
      runsTo(end);
    };
    for (const { startMs, count } of days) {
      this.#pieces.push({ kind: 'day', at, index, day: { startMs, count, at } });
      headings.push(at);
      at += 1;
      stretch(index + count);
    }
    stretch(matching);
    this.#headings = new Set(headings);
    this.lines = at;
  }

  isHeading(line: number): boolean {
    return this.#headings.has(line);
  }

  line(at: number): Line | undefined {
    const piece = at < this.lines ? this.#pieces[this.#pieceAt((each) => each.at <= at)] : undefined;
    if (piece === undefined || piece.kind !== 'runs') return piece;
    return { kind: 'run', index: piece.index + at - piece.at, within: piece.within };
  }

  /** The heading above this line; null: it has none. */
  dayOf(line: number): ListDay | null {
    for (let at = this.#pieceAt((each) => each.at <= line); at >= 0; at--) {
      const piece = this.#pieces[at];
      if (piece?.kind === 'day') return piece.day;
    }
    return null;
  }

  /** Where a run is: its own line, or that of what it is folded into. */
  lineOf(index: number): number {
    const piece = this.#pieces[this.#pieceAt((each) => each.index <= index)];
    if (piece === undefined) return 0;
    return piece.kind === 'runs' ? piece.at + index - piece.index : piece.at;
  }

  /** What this run is folded into; null: nothing. */
  foldOf(index: number): Fold | null {
    const line = this.line(this.lineOf(index));
    return line?.kind === 'fold' ? line.fold : line?.kind === 'run' ? line.within : null;
  }

  /** The last piece that begins at or before a place. */
  #pieceAt(begins: (piece: Piece) => boolean): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const piece = this.#pieces[middle];
      if (piece !== undefined && begins(piece)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
