/** Every outcome alone and beside a success, in both languages: that all is well is said of what went well alone. */
import { expect, test } from 'vitest';
import { snapshot } from '../../test/support/agent-status.ts';
import { describeSame } from './describe-sum.ts';
import { describeToday } from './describe-today.ts';
import { I18n } from './i18n/i18n.ts';
import { REASONS, type Reason } from './outcomes.ts';

const [english, japanese] = [new I18n('en'), new I18n('ja')];

/** What is said of one: in English alone and among others, in Japanese. */
const WORDS = {
  fine: null,
  failed: ['with an error', '1 with an error', 'エラーが1件'],
  unknown: ['with an unknown result', '1 with an unknown result', '結果不明が1件'],
  stopped: ['stopped', '1 stopped', '停止が1件'],
  refused: ['not run', '1 not run', '未実行が1件'],
} as const;

const EXPECTED: Readonly<Record<Reason, keyof typeof WORDS>> = {
  DONE: 'fine',
  FAILED: 'failed',
  START_FAILED: 'failed',
  INTERRUPTED: 'unknown',
  KILLED: 'stopped',
  KILLED_WAITING: 'stopped',
  TIMEOUT: 'stopped',
  AGENT_STOPPED: 'stopped',
  NO_USER: 'refused',
  BAD_MESSAGE: 'refused',
  CONFLICT: 'refused',
  SIGNATURE: 'refused',
  EXPIRED_ENV: 'refused',
  MISADDRESSED: 'refused',
  // A check left them out, as it should.
  DISABLED: 'fine',
  STALE_VIEW: 'fine',
  VERSION_PIN: 'fine',
  REVOKED: 'fine',
  DEADLINE: 'fine',
  UNSUPPORTED: 'fine',
};

const today = (counts: Partial<Record<Reason, number>>, i18n: I18n, todayUntold = 0) =>
  describeToday(snapshot({ today: counts, todayUntold }), i18n);

test.each(REASONS)('a day with %s says that all is well only where it was', (reason) => {
  const words = WORDS[EXPECTED[reason]];
  const told = EXPECTED[reason] === 'refused' ? ['.', ''] : [': IT has been told.', '情報システム部門に通知しました。'];
  const pair = reason === 'DONE' ? { DONE: 2 } : { DONE: 1, [reason]: 1 };
  const lines = [today({ [reason]: 1 }, english), today(pair, english)];
  const inJapanese = [today({ [reason]: 1 }, japanese), today(pair, japanese)];
  if (words === null) {
    expect(lines).toEqual(['1 task today, without an error.', '2 tasks today, none with an error.']);
    expect(inJapanese).toEqual(['今日の作業は1件、エラーはありません。', '今日の作業は2件、エラーはありません。']);
    return;
  }
  const [alone, among, each] = words;
  expect(lines).toEqual([`1 task today, ${alone}${told[0]}`, `2 tasks today, ${among}${told[0]}`]);
  expect(inJapanese).toEqual([
    `今日の作業は1件、うち${each}です。${told[1]}`,
    `今日の作業は2件、うち${each}です。${told[1]}`,
  ]);
});

test.each(REASONS)('other runs with %s are well only where they were', (reason) => {
  const words = WORDS[EXPECTED[reason]];
  const said = (i18n: I18n) => [describeSame([{ reason }], i18n), describeSame([{ reason: 'DONE' }, { reason }], i18n)];
  if (words === null) {
    expect(said(english)).toEqual(['1 other run, without an error', 'The last 2 other runs, none with an error']);
    expect(said(japanese)).toEqual(['ほかに直近1件の実行、エラーなし', 'ほかに直近2件の実行、エラーなし']);
    return;
  }
  const [alone, among, each] = words;
  expect(said(english)).toEqual([`1 other run, ${alone}`, `The last 2 other runs, ${among}`]);
  expect(said(japanese)).toEqual([`ほかに直近1件の実行、うち${each}`, `ほかに直近2件の実行、うち${each}`]);
});

test('several kinds are told by their number, those that matter most first, and what runs is not called well', () => {
  const counts = { DONE: 9, INTERRUPTED: 1, TIMEOUT: 1, KILLED: 2, FAILED: 2, START_FAILED: 1, CONFLICT: 1 } as const;
  expect(today(counts, english)).toBe(
    '17 tasks today, 3 with an error, 1 with an unknown result, 3 stopped: IT has been told.',
  );
  expect(today(counts, english, 1)).toMatch(/: IT has not been told yet\.$/);
  expect(describeSame([{ reason: 'FAILED' }, { reason: null }, { reason: 'CONFLICT' }], english)).toBe(
    'The last 3 other runs, 1 with an error, 1 not run, 1 not finished',
  );
  expect(describeSame([{ reason: null }], japanese)).toBe('ほかに直近1件の実行、うち未完了が1件');
  expect(describeSame([], english)).toBe('No other run of this task is among the last ones here.');
});

test('what has ended while others go on is said in the same words', () => {
  const waits = { now: { running: [], waiting: [], waitingCount: 1 } };
  const line = (counts: Partial<Record<Reason, number>>) =>
    describeToday(snapshot({ today: counts, ...waits }), english);
  expect(line({ DONE: 2 })).toBe("2 of today's tasks have ended, none with an error.");
  expect(line({ DONE: 1, INTERRUPTED: 1 })).toBe(
    "2 of today's tasks have ended, 1 with an unknown result: IT has been told.",
  );
  expect(line({ NO_USER: 1 })).toBe("1 of today's tasks has ended, not run.");
});
