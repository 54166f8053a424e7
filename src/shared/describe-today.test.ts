import { describe, expect, test } from 'vitest';
import { MINUTE, NOW, snapshot } from '../../test/support/agent-status.ts';
import { progressOf, whoCanStop } from './describe-running.ts';
import { describeToday } from './describe-today.ts';
import { I18n } from './i18n/i18n.ts';

const [english, japanese] = [new I18n('en'), new I18n('ja')];
const FAILED = { today: { DONE: 13, FAILED: 2, REVOKED: 1 } } as const;
const ONE_WAITS = { now: { running: [], waiting: [], waitingCount: 1 } };

test.each([
  [{ today: {} }, 'No tasks recorded today. No task is running.'],
  [{ today: { DONE: 3, VERSION_PIN: 1 } }, '4 tasks today, none with an error.'],
  [{ today: { DONE: 1 } }, '1 task today, without an error.'],
  [FAILED, '16 tasks today, 2 with an error: IT has been told.'],
  [{ ...FAILED, todayUntold: 1 }, '16 tasks today, 2 with an error: IT has not been told yet.'],
  [{ today: { START_FAILED: 1 } }, '1 task today, with an error: IT has been told.'],
  [{ ...FAILED, ...ONE_WAITS }, "16 of today's tasks have ended, 2 with an error: IT has been told."],
  [{ today: { DONE: 1 }, ...ONE_WAITS }, "1 of today's tasks has ended, without an error."],
  [{ today: {}, ...ONE_WAITS }, null],
  [{ ...FAILED, store: { state: 'ok', readable: false } }, null],
  [{ ...FAILED, agent: { state: 'draining', sinceMs: NOW, faults: { count: 0, list: null } } }, null],
] as const)('%j: %s', (changed, line) => {
  expect(describeToday(snapshot(changed), english)).toBe(line);
});

test('in Japanese', () => {
  expect(describeToday(snapshot(FAILED), japanese)).toBe(
    '今日の作業は16件、うちエラーが2件です。情報システム部門に通知しました。',
  );
});

test.each([
  [null, MINUTE, null, null],
  [2 * MINUTE, MINUTE, 0.5, 'usually 2 min'],
  [2 * MINUTE - 1_000, MINUTE / 2, 30 / 119, 'usually 2 min'],
  [2 * MINUTE, 2 * MINUTE + 20_000, 1, 'usually 2 min'],
  [2 * MINUTE, 3 * MINUTE, null, 'longer than usual (2 min)'],
  [0, 3_000, 1, 'usually 1 sec'],
  [10_000, -5_000, 0, 'usually 10 sec'],
])('usually %j ms, running for %j: %j, %j', (usualMs, ranMs, fraction, said) => {
  expect(progressOf({ usualMs, startedAtMs: NOW - ranMs }, english, NOW)).toEqual({ fraction, said });
});

describe('who can stop what runs', () => {
  const by = (stoppable?: boolean) => (stoppable === undefined ? {} : { stoppable });
  const anyTime = 'IT can stop a running task at any time.';
  const noWay = 'What runs was sent without a way for IT to stop it.';

  test.each([
    [[by(true)], true, anyTime],
    // An agent of an older release does not say.
    [[by()], true, anyTime],
    [[by(false)], true, noWay],
    [[by(false), by(false)], true, noWay],
    [[by(true), by(false)], true, null],
    // No kill gets here.
    [[by(true)], false, 'IT can stop a running task only while this PC is connected.'],
    [[by(false)], false, noWay],
    [[by(true), by(false)], false, null],
  ])('%j, connected: %j', (running, isConnected, said) => {
    expect(whoCanStop(running, isConnected, english)).toBe(said);
  });

  test('in Japanese', () => {
    expect(whoCanStop([by(true)], false, japanese)).toBe(
      '情報システム部門が中止できるのは、この端末が接続されている間だけです。',
    );
    expect(whoCanStop([by(false)], true, japanese)).toBe('情報システム部門が途中で中止できない形で送られた作業です。');
  });
});
