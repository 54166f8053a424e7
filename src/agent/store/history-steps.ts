/**
 * Lists and counts of a history of any length: read in steps of some ms, a range of runs in each, with a turn of the caller's in
 * between. What arrives meanwhile is not in them.
 */
import type { History, ReasonCount, RunRecord, RunShape } from './history.ts';
import type { RunFilter } from './run-conditions.ts';

const STEP_MS = 5;
const FIRST_RUNS = 1_000;
const FEWEST_RUNS = 100;

/** Some of the runs, as a filter takes them. */
interface Range {
  readonly filter: RunFilter;
  readonly beforeRun: number;
}

type HistoryReads = Pick<History, 'list' | 'count' | 'newestAt' | 'numbers' | 'countEach' | 'shapes'>;

export class HistorySteps {
  readonly #history: HistoryReads;
  readonly #turn: () => Promise<void>;
  #hasRead = false;

  constructor(history: HistoryReads, turn: () => Promise<void>) {
    this.#history = history;
    this.#turn = turn;
  }

  /** As {@link History.list}. */
  async list(filter: RunFilter, beforeRun: number, limit: number, skip = 0): Promise<RunRecord[]> {
    const found: RunRecord[] = [];
    let toSkip = skip;
    await this.#each(filter, beforeRun, (range) => {
      const here = toSkip > 0 ? this.#history.count(range.filter, range.beforeRun) : 0;
      if (here <= toSkip && toSkip > 0) {
        toSkip -= here;
        return 'on';
      }
      found.push(...this.#history.list(range.filter, range.beforeRun, limit - found.length, toSkip));
      toSkip = 0;
      return found.length < limit ? 'on' : 'enough';
    });
    return found;
  }

  /** As {@link History.count}. */
  async count(filter: RunFilter, beforeRun = Number.POSITIVE_INFINITY): Promise<number> {
    let count = 0;
    await this.#each(filter, beforeRun, (range) => {
      count += this.#history.count(range.filter, range.beforeRun);
      return 'on';
    });
    return count;
  }

  /** As {@link History.countEach}, a range of the runs at a time: a reason may come more than once. */
  async countEach(filter: RunFilter): Promise<ReasonCount[]> {
    const found: ReasonCount[] = [];
    await this.#each(filter, Number.POSITIVE_INFINITY, (range) => {
      found.push(...this.#history.countEach(range.filter, range.beforeRun));
      return 'on';
    });
    return found;
  }

  /** As {@link History.shapes}, without a limit; `onShape` is called for each. */
  async shapes(filter: RunFilter, beforeRun: number, onShape: (shape: RunShape) => void): Promise<void> {
    await this.#each(filter, beforeRun, (range) => {
      for (const shape of this.#history.shapes(range.filter, range.beforeRun, Number.MAX_SAFE_INTEGER)) onShape(shape);
      return 'on';
    });
  }

  /** As {@link History.newestAt}. */
  async newestAt(filter: RunFilter, beforeRun: number, atMs: number): Promise<number | null> {
    let newest: number | null = null;
    await this.#each(filter, beforeRun, (range) => {
      newest = this.#history.newestAt(range.filter, range.beforeRun, atMs) ?? null;
      return newest === null ? 'on' : 'enough';
    });
    return newest;
  }

  /** Ranges from the newest back, each as long as a step takes; the very first one at once. */
  async #each(filter: RunFilter, beforeRun: number, visit: (range: Range) => 'on' | 'enough'): Promise<void> {
    const { first, last } = this.#history.numbers();
    const lowest = Math.max(first, (filter.afterRun ?? 0) + 1);
    let size = FIRST_RUNS;
    for (let to = Math.min(beforeRun, last + 1); to > lowest; ) {
      const from = Math.max(lowest, to - size);
      if (this.#hasRead) await this.#turn();
      this.#hasRead = true;
      const beganMs = performance.now();
      if (visit({ filter: within(filter, from, to), beforeRun: to }) === 'enough') return;
      const tookMs = performance.now() - beganMs;
      if (tookMs < STEP_MS / 2) size *= 2;
      else if (tookMs > STEP_MS) size = Math.max(FEWEST_RUNS, Math.floor(size / 2));
      to = from;
    }
  }
}

function within(filter: RunFilter, from: number, to: number): RunFilter {
  const { byOutput } = filter;
  if (byOutput === undefined) return { ...filter, afterRun: from - 1 };
  return { ...filter, afterRun: from - 1, byOutput: byOutput.filter((run) => run >= from && run < to) };
}
