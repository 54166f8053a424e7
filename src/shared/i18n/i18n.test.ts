import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { en, type MessageKey } from './en.ts';
import type { Entry } from './entry.ts';
import { I18n, isSameDay } from './i18n.ts';
import { ja } from './ja.ts';

const KEYS = Object.keys(en) as MessageKey[];
const SRC = join(import.meta.dirname, '..', '..');

function forms(entry: Entry): string[] {
  return typeof entry === 'string' ? [entry] : Object.values(entry);
}

function holes(entry: Entry): string[] {
  const all = forms(entry).flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''));
  // Japanese may leave the department unsaid, and need not repeat it.
  return [...new Set(all)].filter((name) => name !== 'it').sort();
}

/** Every text that code asks for: a literal, or a pattern where a part of the key is put in. */
function askedFor(): RegExp[] {
  const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.ts|i18n\/(en|ja)\.ts$/.test(name))
    .map((name) => readFileSync(join(SRC, name), 'utf8'))
    .join('\n');
  const literals = [...sources.matchAll(/'((?:[a-z][\w]*\.)+[\w.]+|it)'/g)].map(([, key]) => key ?? '');
  const patterns = [...sources.matchAll(/`([a-z]\w*\.[^`\s]*\$\{[^`\s]*)`/g)].map(([, key]) => key ?? '');
  return [...literals, ...patterns].map((key) => {
    const parts = key.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[^\w]/g, '\\$&'));
    return new RegExp(`^${parts.join('[\\w.]+')}$`);
  });
}

test('both languages have the same keys', () => {
  expect(Object.keys(ja).sort()).toEqual([...KEYS].sort());
});

test('no text is empty, or the same in both languages', () => {
  const wordless = (text: string) => !/\p{L}/u.test(text.replaceAll(/\{\w+\}/g, ''));
  const suspicious = KEYS.filter((key) => {
    const [english, japanese] = [forms(en[key]), forms(ja[key])];
    if ([...english, ...japanese].some((text) => text.trim() === '')) return true;
    return JSON.stringify(english) === JSON.stringify(japanese) && !english.every(wordless);
  });
  expect(suspicious).toEqual([]);
});

test('both languages have the same holes in each text', () => {
  const different = KEYS.filter((key) => holes(en[key]).join() !== holes(ja[key]).join());
  expect(different).toEqual([]);
});

test('each key is asked for by some code', () => {
  const asked = askedFor();
  expect(KEYS.filter((key) => !asked.some((pattern) => pattern.test(key)))).toEqual([]);
});

test('no text shows a code, and none calls a task a command or a job', () => {
  const shown = KEYS.filter((key) => !key.startsWith('field.'));
  const texts = shown.flatMap((key) =>
    [...forms(en[key]), ...forms(ja[key])].map((text) => text.replaceAll(/\{\w+\}/g, '')),
  );
  expect(texts.filter((text) => /[A-Z]{2,}_[A-Z]+|\b(commands?|jobs?)\b|コマンド|ジョブ/i.test(text))).toEqual([]);
});

test('one thing has one name, and two things have two', () => {
  const saying = (word: RegExp) => KEYS.filter((key) => forms(ja[key]).some((text) => word.test(text)));
  // A version is never called by its other name, nor a task by that of one's own work.
  expect(saying(/版|タスク/)).toEqual([]);
  expect(saying(/作業を続け/)).toEqual([]);
  expect(saying(/できること/).filter((key) => !forms(ja[key]).every((text) => text.includes('{it}が')))).toEqual([]);
});

describe('the department', () => {
  const NAMES = [
    'IT',
    'ACME Service Desk',
    'the Service Desk',
    'Information Systems',
    'your local helpdesk',
    'eBay IT',
  ];

  test('is people: no PC is connected to it, nobody has it, and it is no adjective', () => {
    const bound =
      /\{service\}|\b(?:your|the|an?|my) \{it\}|\{it\}(?:'s|’s)? (?:service|server|PC)|\{it\}['’]s|service desk/i;
    expect(KEYS.filter((key) => forms(en[key]).some((text) => bound.test(text)))).toEqual([]);
    const inJapanese = /\{it\}の?(?:サーバー|管理サーバー|サービス)|\{service\}/;
    expect(KEYS.filter((key) => forms(ja[key]).some((text) => inJapanese.test(text)))).toEqual([]);
  });

  test.each(NAMES)('called %j, what a PC is connected to is the same', (name) => {
    expect([null, name].map((each) => new I18n('en', each).t('health.connected.body'))).toEqual([
      'Connected to your IT service.',
      'Connected to your IT service.',
    ]);
    expect(new I18n('ja', name).t('health.connected.body')).toBe('管理サーバーに接続済みです。');
  });

  test('begins a sentence with a capital, and is written its own way elsewhere', () => {
    const said = (name: string) => [
      new I18n('en', name).t('told.it'),
      new I18n('en', name).t('update.unfit.package', { v: '2' }),
      new I18n('en', name).t('reason.KILLED.line', { t: '3 min' }),
    ];
    expect(said('the Service Desk')).toEqual([
      'The Service Desk has been told.',
      'What is signed as version 2 can’t be used on this PC. The Service Desk has to look at it.',
      'stopped by the Service Desk after 3 min',
    ]);
    expect([said('eBay IT')[0], said('iT情報')[0]]).toEqual(['eBay IT has been told.', 'iT情報 has been told.']);
    expect(new I18n('ja', 'the Service Desk').t('told.it')).toBe('the Service Deskに通知しました。');
  });
});

describe('say', () => {
  test('fills the holes, and names IT as IT wants to be named', () => {
    expect(new I18n('en').t('reason.KILLED.line', { t: '3 min' })).toBe('stopped by IT after 3 min');
    expect(new I18n('en', 'the Service Desk').t('reason.KILLED.line', { t: '3 min' })).toBe(
      'stopped by the Service Desk after 3 min',
    );
    expect(new I18n('en', 'ACME Service Desk').t('support.desk')).toBe('Contact ACME Service Desk');
    expect(new I18n('ja').t('reason.REVOKED.body')).toBe('開始前に情報システム部門が取り消しました。');
  });

  test('takes the plural form of the language', () => {
    const [english, japanese] = [new I18n('en'), new I18n('ja')];
    expect([1, 2, 0].map((n) => english.t('tray.attention', { n }))).toEqual([
      '1 item to look at',
      '2 items to look at',
      '0 items to look at',
    ]);
    expect(japanese.t('tray.attention', { n: 1 })).toBe('確認事項が1件あります');
  });

  test('never fills a hole from what was filled in', () => {
    expect(new I18n('en').t('menu.running', { task: '{t} $& {it}', t: '1 min' })).toBe('Running: {t} $& {it} … 1 min');
  });

  test('groups the digits of large numbers', () => {
    expect(new I18n('en').t('activity.count', { n: 4, all: 100_000 })).toBe('4 of 100,000');
  });
});

describe('times', () => {
  test('are those of the zone that the PC has when they are shown', () => {
    const before = process.env.TZ;
    onTestFinished(() => {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    });
    const i18n = new I18n('en');
    const times = ['Etc/UTC', 'Asia/Tokyo', 'Etc/UTC'].map((zone) => {
      process.env.TZ = zone;
      return i18n.clock(Date.UTC(2026, 10, 30, 7, 5));
    });
    expect(times).toEqual(['07:05', '16:05', '07:05']);
  });

  const [english, japanese] = [new I18n('en'), new I18n('ja')];
  const SECOND = 1_000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;

  test.each([
    [400, 'less than 1 sec', '1秒未満'],
    [12 * SECOND, '12 sec', '12秒'],
    [80 * SECOND, '1 min 20 sec', '1分20秒'],
    [3 * MINUTE, '3 min', '3分'],
    [11 * MINUTE + 20 * SECOND, '11 min', '11分'],
    [2 * HOUR + 5 * MINUTE, '2 hr 5 min', '2時間5分'],
    [26 * HOUR, '26 hr', '26時間'],
    [4 * 24 * HOUR, '4 days', '4日'],
    [-5, 'less than 1 sec', '1秒未満'],
  ])('%d ms lasts %j and %j', (ms, inEnglish, inJapanese) => {
    expect([english.duration(ms), japanese.duration(ms)]).toEqual([inEnglish, inJapanese]);
  });

  test('roughly leaves the seconds out from one minute on', () => {
    expect([english.roughly(59 * SECOND), english.roughly(80 * SECOND)]).toEqual(['59 sec', '1 min']);
  });

  test.each([
    [12 * SECOND, 'just now', 'たった今'],
    [5 * MINUTE, '5 minutes ago', '5分前'],
    [3 * HOUR, '3 hours ago', '3時間前'],
    [50 * HOUR, '2 days ago', '2日前'],
    [-HOUR, 'just now', 'たった今'],
  ])('%d ms back is %j and %j', (ms, inEnglish, inJapanese) => {
    expect([english.ago(0, ms), japanese.ago(0, ms)]).toEqual([inEnglish, inJapanese]);
  });

  test('names the day only where it is not today', () => {
    const noon = new Date(2026, 10, 24, 12, 5).getTime();
    expect(english.moment(noon, noon + HOUR)).toBe('12:05');
    expect(english.moment(noon, noon + 24 * HOUR)).toBe('24 Nov, 12:05');
    expect(japanese.moment(noon, noon + 24 * HOUR)).toBe('11月24日 12:05');
    expect(isSameDay(noon, noon + 13 * HOUR)).toBe(false);
  });

  test('names the year only where it is not this one', () => {
    const now = new Date(2026, 11, 1, 3, 13).getTime();
    const [next, last] = [new Date(2027, 10, 30, 3, 13).getTime(), new Date(2025, 10, 26, 3, 13).getTime()];
    expect([next, last].map((at) => english.moment(at, now))).toEqual(['30 Nov 2027, 03:13', '26 Nov 2025, 03:13']);
    expect([next, last].map((at) => japanese.moment(at, now))).toEqual([
      '2027年11月30日 03:13',
      '2025年11月26日 03:13',
    ]);
    expect([english.shortDay(last, now), japanese.shortDay(last, now)]).toEqual(['26 Nov 2025', '2025年11月26日']);
    expect([english.dayOrClock(last, now), english.shortDay(now, now)]).toEqual(['26 Nov 2025', '1 Dec']);
  });
});

test.each([
  [0, '0 bytes', '0 バイト'],
  [999, '999 bytes', '999 バイト'],
  [1_400, '1.4 kB', '1.4 KB'],
  [903_154, '903 kB', '903 KB'],
  [16_000_000_000, '16 GB', '16 GB'],
])('%d bytes are %j and %j', (bytes, inEnglish, inJapanese) => {
  expect([new I18n('en').bytes(bytes), new I18n('ja').bytes(bytes)]).toEqual([inEnglish, inJapanese]);
});
