/**
 * A list of runs cut where the day changes, and where one stands for those that follow it. Only what has ended folds, since what it
 * becomes is not known before; and only runs of one job, since tasks without one are each another (`isOneOfAKind`).
 */
import { MAX_FOLDS, MAX_LIST_DAYS, MIN_FOLDED_RUNS } from '../../shared/outline-limits.ts';
import type { RunOutline } from '../../shared/run-outline.ts';
import type { RunShape } from './ports.ts';
import { isOneOfAKind } from './usual-time.ts';

interface Day {
  /** null: before the first day that was asked for. */
  readonly startMs: number | null;
  readonly endMs: number;
  count: number;
}

interface Stretch {
  readonly first: number;
  readonly shape: RunShape;
  count: number;
  oldestAtMs: number;
}

/** Takes the runs newest first. */
export class Outline {
  readonly #startsMs: readonly number[];
  readonly #mayFold: boolean;
  readonly #days: Day[] = [];
  readonly #folds: [number, number, number][] = [];
  #day: Day | null = null;
  #stretch: Stretch | null = null;
  #newestRun = 0;
  #matching = 0;

  /** @param startsMs when days begin, oldest first */
  constructor(startsMs: readonly number[], mayFold: boolean) {
    this.#startsMs = startsMs;
    this.#mayFold = mayFold;
  }

  add(shape: RunShape): void {
    const [run, receivedAtMs] = shape;
    if (this.#matching === 0) this.#newestRun = run;
    const day = this.#day;
    const sameDay =
      day !== null && receivedAtMs >= (day.startMs ?? Number.NEGATIVE_INFINITY) && receivedAtMs < day.endMs;
    if (!sameDay) this.#beginDay(receivedAtMs);
    if (this.#day !== null) this.#day.count += 1;
    const stretch = this.#stretch;
    if (sameDay && stretch !== null && isSame(stretch.shape, shape)) {
      stretch.count += 1;
      stretch.oldestAtMs = receivedAtMs;
    } else this.#beginStretch(shape);
    this.#matching += 1;
  }

  ended(): Omit<RunOutline, 'all'> {
    this.#endStretch();
    return {
      newestRun: this.#newestRun,
      matching: this.#matching,
      days: this.#days.map(({ startMs, count }) => ({ startMs, count })),
      folds: this.#folds,
    };
  }

  #beginDay(atMs: number): void {
    // A clock that jumped to and fro for years: what is left is one day.
    if (this.#days.length === MAX_LIST_DAYS) return;
    const at = this.#startsMs.findLastIndex((startMs) => startMs <= atMs);
    this.#day = {
      startMs: this.#startsMs[at] ?? null,
      endMs: this.#startsMs[at + 1] ?? Number.POSITIVE_INFINITY,
      count: 0,
    };
    this.#days.push(this.#day);
  }

  #beginStretch(shape: RunShape): void {
    this.#endStretch();
    const [, oldestAtMs, manifestId, , , reason] = shape;
    const mayFold = this.#mayFold && reason !== null && !isOneOfAKind({ manifestId });
    this.#stretch = mayFold ? { first: this.#matching, shape, count: 1, oldestAtMs } : null;
  }

  #endStretch(): void {
    const stretch = this.#stretch;
    this.#stretch = null;
    if (stretch === null || stretch.count < MIN_FOLDED_RUNS || this.#folds.length === MAX_FOLDS) return;
    this.#folds.push([stretch.first, stretch.count, stretch.oldestAtMs]);
  }
}

/** Shown alike: by name, by who fired it, and by how it ended. */
function isSame(one: RunShape, other: RunShape): boolean {
  const [, , manifestId, title, source, reason, exitCode] = one;
  const [, , otherManifestId, otherTitle, otherSource, otherReason, otherExitCode] = other;
  return (
    manifestId === otherManifestId &&
    title === otherTitle &&
    (source === 'schedule') === (otherSource === 'schedule') &&
    reason === otherReason &&
    exitCode === otherExitCode
  );
}
