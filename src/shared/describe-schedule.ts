/** A schedule of this PC in words: what comes, how the last time went, and what was left out and why. */
import { titleText } from './describe-run.ts';
import { outcomeGroup } from './outcome-groups.ts';
import type { ScheduleRow, SchedulesSummary } from './schedules-view.ts';
import type { Words } from './words/words.ts';

export interface ScheduleDescription {
  readonly name: string;
  /** "next 14:05", "running". */
  readonly state: string;
  /** "last time: done, 13:05"; null: it has not run yet. */
  readonly last: string | null;
  /** Why the newest time went by without a run; null: none did. */
  readonly skipped: string | null;
}

export function describeSchedule(row: ScheduleRow, words: Words, nowMs: number): ScheduleDescription {
  const { last, skipped } = row;
  const group = last === null || last.reason === null ? null : outcomeGroup(last.reason);
  return {
    name: titleText(row.title, words),
    state: stateText(row, words, nowMs),
    last:
      last === null || group === null
        ? null
        : words.say('schedule.last', { outcome: words.say(`group.${group}`), at: words.moment(last.atMs, nowMs) }),
    skipped:
      skipped === null
        ? null
        : words.say('schedule.skipped', {
            at: words.moment(skipped.atMs, nowMs),
            why: words.say(`schedule.skipped.${skipped.why}`),
          }),
  };
}

/** Above the list: how many there are, and when the next one comes. */
export function describeSchedules(summary: SchedulesSummary, words: Words, nowMs: number): string {
  const count = words.say('schedules.count', { n: summary.count });
  if (summary.frozen) return words.join(count, words.say('schedules.frozen'));
  if (summary.nextAtMs === null) return count;
  return words.join(count, words.say('schedules.next', { at: words.moment(summary.nextAtMs, nowMs) }));
}

function stateText({ state, nextAtMs }: ScheduleRow, words: Words, nowMs: number): string {
  switch (state) {
    case 'waiting':
      if (nextAtMs === null) return words.say('schedule.waiting.event');
      return words.say('schedule.waiting', { at: words.moment(nextAtMs, nowMs) });
    case 'running':
    case 'done':
    case 'over':
    case 'not_understood':
      return words.say(`schedule.${state}`);
  }
}
