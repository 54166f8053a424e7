/** When a run began and ended, as far as that can be told: a time that stands in its row may be one of something else. */
import type { RunDetail } from './run-view.ts';

export interface ToldTimes {
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** When somebody came back to it and found that it had not ended by itself. */
  readonly foundAtMs: number | null;
}

export function toldTimes({
  reason,
  startedAtMs,
  finishedAtMs,
}: Pick<RunDetail, 'reason' | 'startedAtMs' | 'finishedAtMs'>): ToldTimes {
  // What was to begin then could not.
  if (startedAtMs === null || reason === 'START_FAILED')
    return { startedAtMs: null, finishedAtMs: null, foundAtMs: null };
  if (reason === 'INTERRUPTED') return { startedAtMs, finishedAtMs: null, foundAtMs: finishedAtMs };
  return { startedAtMs, finishedAtMs, foundAtMs: null };
}
