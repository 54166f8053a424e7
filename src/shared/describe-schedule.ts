/** A schedule of this PC in words: what comes, how the last time went, and what was left out and why. */
import { titleText } from './describe-run.ts';
import type { I18n } from './i18n/i18n.ts';
import { outcomeGroup } from './outcome-groups.ts';
import type { ScheduleRow, SchedulesSummary } from './schedules-view.ts';

export interface ScheduleDescription {
  readonly name: string;
  /** "next 14:05", "running". */
  readonly state: string;
  /** "last time: done, 13:05"; null: it has not run yet. */
  readonly last: string | null;
  /** Why the newest time went by without a run; null: none did. */
  readonly skipped: string | null;
}

export function describeSchedule(row: ScheduleRow, i18n: I18n, nowMs: number): ScheduleDescription {
  const { last, skipped } = row;
  const group = last === null || last.reason === null ? null : outcomeGroup(last.reason);
  return {
    name: titleText(row.title, i18n),
    state: stateText(row, i18n, nowMs),
    last:
      last === null || group === null
        ? null
        : i18n.t('schedule.last', { outcome: i18n.t(`group.${group}`), at: i18n.moment(last.atMs, nowMs) }),
    skipped:
      skipped === null
        ? null
        : i18n.t('schedule.skipped', {
            at: i18n.moment(skipped.atMs, nowMs),
            why: i18n.t(`schedule.skipped.${skipped.why}`),
          }),
  };
}

/** Above the list: how many there are, and when the next one comes. */
export function describeSchedules(summary: SchedulesSummary, i18n: I18n, nowMs: number): string {
  const count = i18n.t('schedules.count', { n: summary.count });
  if (summary.frozen) return i18n.join(count, i18n.t('schedules.frozen'));
  if (summary.nextAtMs === null) return count;
  return i18n.join(count, i18n.t('schedules.next', { at: i18n.moment(summary.nextAtMs, nowMs) }));
}

function stateText({ state, nextAtMs }: ScheduleRow, i18n: I18n, nowMs: number): string {
  switch (state) {
    case 'waiting':
      if (nextAtMs === null) return i18n.t('schedule.waiting.event');
      return i18n.t('schedule.waiting', { at: i18n.moment(nextAtMs, nowMs) });
    case 'running':
    case 'done':
    case 'over':
    case 'not_understood':
      return i18n.t(`schedule.${state}`);
  }
}
