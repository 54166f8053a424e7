/** What was measured: a value of each round, by row and contender. */
import type { Contender } from './contenders.ts';

/** Rows of the table, in the order of the document (titles, units and goals: rows.ts). */
export const ROW_IDS = [
  'stored-p50',
  'stored-p99',
  'ended-p50',
  'burst-rate',
  'long-burst-rate',
  'burst-cpu',
  'single-cpu',
  'duplicate-cpu',
  'drain-rate',
  'drain-surplus',
  'outage',
  'rss-idle',
  'rss-peak',
  'rss-jitter',
  'rss-jitter-peak',
  'rss-slots',
  'loop-burst',
  'loop-prune',
  'loop-full-disk',
  'idle-cpu',
  'shell-begins',
  'shell-begins-cold',
  'shell-stored',
  'shell-stored-cold',
  'shell-cpu',
  'shell-waits-rss',
  'shell-burst',
  'shell-burst-begins',
  'start',
] as const;
export type RowId = (typeof ROW_IDS)[number];

/** What the machine does without any agent. */
export const LIMIT_IDS = ['fsync', 'spawn-rate', 'spawn-cpu', 'round-trip', 'stored-round-trip', 'node-start'] as const;
export type LimitId = (typeof LIMIT_IDS)[number];

export interface Figure {
  readonly median: number;
  /** Over the rounds. */
  readonly least: number;
  readonly most: number;
  readonly rounds: number;
}

export class Book {
  readonly #values = new Map<string, number[]>();
  readonly #skipped = new Map<RowId, string>();

  add(row: RowId, contender: Contender, value: number): void {
    this.#push(`${row}/${contender}`, value);
  }

  addLimit(limit: LimitId, value: number): void {
    this.#push(limit, value);
  }

  /** This one can't be measured here. */
  skip(row: RowId, why: string): void {
    this.#skipped.set(row, why);
  }

  skipped(row: RowId): string | undefined {
    return this.#skipped.get(row);
  }

  figure(row: RowId, contender: Contender): Figure | undefined {
    return this.#figure(`${row}/${contender}`);
  }

  limit(limit: LimitId): Figure | undefined {
    return this.#figure(limit);
  }

  #push(key: string, value: number): void {
    if (!Number.isFinite(value)) throw new Error(`${key} can not be ${value}`);
    const values = this.#values.get(key) ?? [];
    values.push(value);
    this.#values.set(key, values);
  }

  #figure(key: string): Figure | undefined {
    const values = this.#values.get(key);
    if (values === undefined) return undefined;
    return {
      median: quantile(values, 0.5),
      least: Math.min(...values),
      most: Math.max(...values),
      rounds: values.length,
    };
  }
}

/** The smallest value that at least this share of all values does not exceed; of an even number the middle for 0.5. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = share * sorted.length;
  const at = (index: number) => sorted[Math.min(Math.max(index, 0), sorted.length - 1)] ?? Number.NaN;
  if (share === 0.5 && Number.isInteger(position)) return (at(position - 1) + at(position)) / 2;
  return at(Math.ceil(position) - 1);
}
