import { describe, expect, test } from 'vitest';
import { runIdOf } from '../../test/support/ids.ts';
import { describeSchedule, describeSchedules } from './describe-schedule.ts';
import { I18n } from './i18n/i18n.ts';
import { SCHEDULE_STATES, type ScheduleRow, SKIP_REASONS } from './schedules-view.ts';

const NOW = new Date(2026, 10, 30, 14, 0).getTime();
const ROW: ScheduleRow = {
  title: { kind: 'text', text: 'Disk clean-up' },
  state: 'waiting',
  nextAtMs: NOW + 5 * 60_000,
  last: { run: runIdOf(1), state: 'finished', reason: 'DONE', exitCode: 0, atMs: NOW - 55 * 60_000 },
  skipped: null,
  internals: null,
};

const i18n = new I18n('en');

test('what comes, and how it went', () => {
  expect(describeSchedule(ROW, i18n, NOW)).toEqual({
    name: 'Disk clean-up',
    state: 'next at 14:05',
    last: 'last time: done, 13:05',
    skipped: null,
  });
});

test('one that runs for the first time has no last time yet', () => {
  const last = { run: runIdOf(1), state: 'running', reason: null, exitCode: null, atMs: NOW } as const;
  expect(describeSchedule({ ...ROW, state: 'running', last }, i18n, NOW)).toMatchObject({
    state: 'running',
    last: null,
  });
});

describe.each(['en', 'ja'] as const)('in %s', (language) => {
  const said = new I18n(language);

  test('each state and each reason has words of its own', () => {
    const states = SCHEDULE_STATES.map((state) => describeSchedule({ ...ROW, state }, said, NOW).state);
    const reasons = SKIP_REASONS.map((why) => {
      return describeSchedule({ ...ROW, skipped: { why, atMs: NOW, count: 1 } }, said, NOW).skipped;
    });
    expect(new Set([...states, ...reasons]).size).toBe(SCHEDULE_STATES.length + SKIP_REASONS.length);
  });
});

test('the line above the list', () => {
  const summary = { count: 3, notUnderstood: 0, nextAtMs: NOW + 60_000, frozen: false };
  expect(describeSchedules(summary, i18n, NOW)).toBe('3 tasks. Next at 14:01.');
  expect(describeSchedules({ ...summary, frozen: true }, i18n, NOW)).toBe('3 tasks. Held back by IT at present.');
  expect(describeSchedules({ ...summary, count: 1, nextAtMs: null }, i18n, NOW)).toBe('1 task.');
});
