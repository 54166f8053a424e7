import { expect, test } from 'vitest';
import type { Setting } from './contract.ts';
import { describeSetting, settingFits } from './describe-settings.ts';
import type { SettingMeaning } from './helpdesk-view.ts';
import { I18n } from './i18n/i18n.ts';

const en = new I18n('en');
const ja = new I18n('ja');

function setting(key: string, more: Partial<Setting> = {}): Setting {
  return {
    key,
    value: null,
    source: 'built-in',
    place: null,
    locked: false,
    about: null,
    means: { kind: 'none' },
    builtIn: { kind: 'none' },
    changed: false,
    ...more,
  };
}

test.each<[SettingMeaning, string, string]>([
  [{ kind: 'none' }, 'not set', '未設定'],
  [{ kind: 'secret' }, 'set, never shown', '設定済み（表示しません）'],
  [{ kind: 'text', text: 'below_normal' }, 'below_normal', 'below_normal'],
  [{ kind: 'switch', on: true }, 'yes', 'はい'],
  [{ kind: 'switch', on: false }, 'no', 'いいえ'],
  [{ kind: 'amount', amount: 20_000, unit: 'ms' }, '20 sec', '20秒'],
  // What somebody has set is said to the last second, and nothing is not "less than a second".
  [{ kind: 'amount', amount: 0, unit: 'ms' }, '0 sec', '0秒'],
  [{ kind: 'amount', amount: 930_000, unit: 'ms' }, '15 min 30 sec', '15分30秒'],
  [{ kind: 'amount', amount: 1_500, unit: 'ms' }, '1 sec 500 ms', '1秒500ms'],
  [{ kind: 'amount', amount: 0, unit: 'hours' }, '0 sec', '0秒'],
  [{ kind: 'amount', amount: 24, unit: 'hours' }, '24 hr', '24時間'],
  [{ kind: 'amount', amount: 71, unit: 'hours' }, '2 days 23 hr', '2日23時間'],
  [{ kind: 'amount', amount: 1, unit: 'days' }, '1 day', '1日'],
  [{ kind: 'amount', amount: 90, unit: 'days' }, '90 days', '90日'],
  [{ kind: 'amount', amount: 4, unit: 'scripts' }, '4 scripts', 'スクリプト4個'],
  [{ kind: 'amount', amount: 1, unit: 'shells' }, '1 shell', 'シェル1個'],
  [{ kind: 'amount', amount: 5_000, unit: 'results/s' }, '5,000 results per second', '1秒あたり5,000件'],
  [{ kind: 'amount', amount: 1_024, unit: 'MiB' }, '1,024 MiB', '1,024 MiB'],
  [{ kind: 'amount', amount: 2, unit: 'level' }, '2', '2'],
])('the value %j is said in both languages', (means, english, japanese) => {
  const said = (i18n: I18n) => describeSetting(setting('a.b', { means }), i18n).value;
  expect([said(en), said(ja)]).toEqual([english, japanese]);
});

test('one of a few values is said by what it means, and as it is written', () => {
  const value = (key: string, means: SettingMeaning, i18n: I18n) =>
    describeSetting(setting(key, { means }), i18n).value;
  const priority: SettingMeaning = { kind: 'text', text: 'below_normal' };
  expect([value('run.priority', priority, en), value('run.priority', priority, ja)]).toEqual([
    'after other programs (below_normal)',
    'ほかのプログラムを優先（below_normal）',
  ]);
  expect(value('ui.notify_on_run', { kind: 'amount', amount: 0, unit: 'level' }, en)).toBe('never (0)');
  expect(value('ui.notify_on_run', { kind: 'amount', amount: 9, unit: 'level' }, en)).toBe('9');
  expect(value('support.text', { kind: 'text', text: 'off' }, en)).toBe('off');
  const builtIn: SettingMeaning = { kind: 'text', text: 'off' };
  expect(describeSetting(setting('commands.signatures', { changed: true, builtIn }), en).builtIn).toBe(
    'not checked (off)',
  );
});

test('the source is said with its place, and that it is locked', () => {
  const source = (more: Partial<Setting>) => describeSetting(setting('a.b', more), en).source;
  expect(source({})).toBe('built in');
  expect(source({ source: 'agent.toml', place: '/etc/a.toml:3' })).toBe('in the settings file: /etc/a.toml:3');
  expect(source({ source: 'policy', place: 'HistoryDays', locked: true })).toBe('by policy: HistoryDays · locked');
  expect(source({ source: 'of another release' })).toBe('of another release');
});

test('what is built in is said where something else counts, and a secret’s never', () => {
  const builtIn = { kind: 'amount', amount: 90, unit: 'days' } as const;
  expect(describeSetting(setting('history.days', { changed: true, builtIn }), en).builtIn).toBe('90 days');
  expect(describeSetting(setting('history.days', { builtIn }), en).builtIn).toBe(null);
  expect(describeSetting(setting('x', { changed: true, means: { kind: 'secret' } }), en).builtIn).toBe(null);
});

test('what it is for is said in Japanese too; one of another release in English rather than not at all', () => {
  const about = 'How long what happened on this PC is kept';
  expect(describeSetting(setting('history.days', { about }), ja).about).toBe('この端末で行われたことを保管する期間');
  expect(describeSetting(setting('history.days', { about }), en).about).toBe(about);
  expect(describeSetting(setting('of.tomorrow', { about }), ja).about).toBe(about);
  expect(describeSetting(setting('fleet.heartbeatInterval'), ja).about).toBe('端末が稼働を知らせる間隔');
});

test('a search looks into all that is said, word by word', () => {
  const said = describeSetting(
    setting('history.days', {
      about: 'How long what happened is kept',
      source: 'policy',
      place: 'HistoryDays',
      means: { kind: 'amount', amount: 30, unit: 'days' },
    }),
    en,
  );
  const finds = (search: string) => settingFits(said, search);
  expect(['', '  ', 'HISTORY', 'kept policy', '30 days', 'historydays'].map(finds)).toEqual(Array(6).fill(true));
  expect(['tls', 'kept file', '31'].map(finds)).toEqual([false, false, false]);
});
