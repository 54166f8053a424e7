/**
 * What a list of runs is made of, without its rows: how many there are of each outcome and each day, and which of them stand for one
 * another. Days are those of whoever asks, who says when each of them begins. Times are ms since the epoch.
 */
import { z } from 'zod';
import { OUTCOME_GROUPS } from './outcome-group-names.ts';
import { MAX_COUNTED_DAYS, MAX_FOLDS, MAX_LIST_DAYS, MAX_OUTLINED_DAYS } from './outline-limits.ts';
import { runConditions } from './run-view.ts';

const timeMs = z.number();
const count = z.number().int();

export const groupCountsSchema = z.record(z.enum(OUTCOME_GROUPS), count);

/** When days begin, oldest first. */
function starts(min: number, max: number) {
  const ascending = (each: readonly number[]) => each.every((ms, at) => at === 0 || ms > (each[at - 1] ?? ms));
  return z.array(timeMs).min(min).max(max).refine(ascending, 'ascending');
}

/** Each day goes from one of `startsMs` to the next. */
export const runDaysQuerySchema = z.strictObject({ startsMs: starts(2, MAX_COUNTED_DAYS + 1) });

export const runDaysSchema = z.object({
  days: z.array(groupCountsSchema),
  /** There are runs from before the first day. */
  earlier: z.boolean(),
});
export type RunDays = z.infer<typeof runDaysSchema>;

/** Counts of what the conditions hold for. */
export const runCountsQuerySchema = z.strictObject({ ...runConditions });

export const runOutlineQuerySchema = z.strictObject({
  ...runConditions,
  group: z.enum(OUTCOME_GROUPS).optional(),
  beforeRun: z.number().int().min(1).optional(),
  startsMs: starts(1, MAX_OUTLINED_DAYS),
});

export const runOutlineSchema = z.object({
  /** The newest of them, at which the list is anchored; 0: there is none. */
  newestRun: z.number().int(),
  matching: count,
  /** How many there are without conditions. */
  all: count,
  /** The list cut where the day changes, newest first; `startMs` null: before the first day that was asked for. */
  days: z.array(z.object({ startMs: timeMs.nullable(), count })).max(MAX_LIST_DAYS),
  /**
   * Those that follow each other on one day as the same task with the same outcome: the place of the newest, how many, and when the
   * oldest was received.
   */
  folds: z.array(z.tuple([count, count, timeMs])).max(MAX_FOLDS),
});
export type RunOutline = z.infer<typeof runOutlineSchema>;
