/** How many tasks there are of each group of outcomes. */
import { OUTCOME_GROUPS, type OutcomeGroup } from './outcome-group-names.ts';

export type GroupCounts = Readonly<Record<OutcomeGroup, number>>;

export const NO_COUNTS: GroupCounts = { open: 0, done: 0, skipped: 0, stopped: 0, failed: 0, unknown: 0 };

const WORST_FIRST = [
  'failed',
  'unknown',
  'stopped',
  'skipped',
  'done',
  'open',
] as const satisfies readonly OutcomeGroup[];

/** What a day is remembered for: its worst outcome, which is nothing that still runs; null: there was nothing. */
export function worstOf(counts: GroupCounts): OutcomeGroup | null {
  return WORST_FIRST.find((group) => counts[group] > 0) ?? null;
}

export function totalOf(counts: GroupCounts): number {
  return OUTCOME_GROUPS.reduce((sum, group) => sum + counts[group], 0);
}
