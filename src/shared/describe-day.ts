/** One day of tasks in a mark, a number and words: what it is remembered for is its worst outcome. */
import { type GroupCounts, totalOf, worstOf } from './group-counts.ts';
import type { I18n } from './i18n/i18n.ts';
import type { OutcomeMark } from './mark-names.ts';
import { OUTCOME_GROUPS, type OutcomeGroup } from './outcome-group-names.ts';

/** The shape that stands for a whole group. */
export const GROUP_MARKS: Readonly<Record<OutcomeGroup, OutcomeMark>> = {
  open: 'running',
  done: 'done',
  skipped: 'skipped',
  stopped: 'stopped',
  failed: 'failed',
  unknown: 'unknown',
};

export interface DayDescription {
  /** null: there was nothing. */
  readonly mark: OutcomeMark | null;
  readonly total: number;
  /** "Monday 23 November: 20 tasks – 18 done, 2 failed". */
  readonly text: string;
}

/** @param startMs when the day began */
export function describeDay(startMs: number, counts: GroupCounts, i18n: I18n, nowMs: number): DayDescription {
  const day = i18n.dayInList(startMs, nowMs);
  const worst = worstOf(counts);
  if (worst === null) return { mark: null, total: 0, text: i18n.t('activity.days.none', { day }) };
  const total = totalOf(counts);
  const each = OUTCOME_GROUPS.filter((group) => counts[group] > 0).map((group) =>
    i18n.t('status.today.count', { n: counts[group], group: i18n.t(`group.${group}`) }),
  );
  const tasks = i18n.t('activity.day.count', { n: total });
  return {
    mark: GROUP_MARKS[worst],
    total,
    text: i18n.t('activity.days.some', { day, tasks, counts: i18n.list(each) }),
  };
}
