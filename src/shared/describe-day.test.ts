import { describe, expect, test } from 'vitest';
import { describeDay } from './describe-day.ts';
import { NO_COUNTS, worstOf } from './group-counts.ts';
import { I18n } from './i18n/i18n.ts';
import { OUTCOME_GROUPS, type OutcomeGroup } from './outcome-group-names.ts';

const NOW = new Date(2026, 10, 25, 9).getTime();
const MONDAY = new Date(2026, 10, 23).getTime();

test.each([
  ['en', 'Monday 23 November: 20 tasks – 18 done, 2 failed'],
  ['ja', '11月23日月曜日: 20件（完了 18件、失敗 2件）'],
] as const)('a day in %s', (language, text) => {
  const described = describeDay(MONDAY, { ...NO_COUNTS, done: 18, failed: 2 }, new I18n(language), NOW);
  expect(described).toEqual({ mark: 'failed', total: 20, text });
});

test('a day without tasks says so, and has no mark', () => {
  const { mark, text } = describeDay(MONDAY, NO_COUNTS, new I18n('en'), NOW);
  expect([mark, text]).toEqual([null, 'Monday 23 November: no tasks recorded']);
});

describe('the worst outcome', () => {
  const order: readonly OutcomeGroup[] = ['failed', 'unknown', 'stopped', 'skipped', 'done', 'open'];

  test.each(order.map((group, at) => [group, order.slice(at)] as const))(
    '%s counts before what is better',
    (group, has) => {
      const counts = Object.fromEntries(OUTCOME_GROUPS.map((each) => [each, has.includes(each) ? 1 : 0]));
      expect(worstOf({ ...NO_COUNTS, ...counts })).toBe(group);
    },
  );
});
