/**
 * How long a task usually takes: the median of its earlier runs that went well. Looked up once for each run, among the tasks that
 * arrived last, since a long history must not hold up the agent.
 */
import { DIRECT_TASK } from '../../shared/run-title.ts';
import type { HistoryPort, RunRecord } from './ports.ts';

export const NEARBY_RUNS = 5_000;
const EARLIER_RUNS = 20;
/** Fewer say nothing of "usually". */
const ENOUGH_RUNS = 3;
const REMEMBERED_RUNS = 200;

export class UsualTime {
  readonly #history: Pick<HistoryPort, 'earlierDurations'>;
  readonly #known = new Map<number, number | null>();

  constructor(history: Pick<HistoryPort, 'earlierDurations'>) {
    this.#history = history;
  }

  /** ms; null: not known. */
  of(record: Pick<RunRecord, 'run' | 'manifestId' | 'title'>): number | null {
    const known = this.#known.get(record.run);
    if (known !== undefined) return known;
    const found = isOneOfAKind(record) ? null : this.#read(record);
    if (this.#known.size >= REMEMBERED_RUNS) this.#known.clear();
    this.#known.set(record.run, found);
    return found;
  }

  #read(record: Pick<RunRecord, 'run' | 'manifestId'>): number | null {
    const earlier = this.#history.earlierDurations(record, record.run - NEARBY_RUNS, EARLIER_RUNS);
    if (earlier.length < ENOUGH_RUNS) return null;
    const sorted = earlier.filter((ms) => ms >= 0).sort((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }
}

/** Without a job behind it, or a command typed in: the next one of that name is another task. */
export function isOneOfAKind({ manifestId }: Pick<RunRecord, 'manifestId'>): boolean {
  return manifestId === null || manifestId === '' || manifestId === DIRECT_TASK;
}
