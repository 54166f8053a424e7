import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readCron } from './cron.ts';

interface Vector {
  readonly startMs: number;
  readonly expression: string;
  readonly expected: string;
}

const vectors: readonly Vector[] = readFileSync(join(import.meta.dirname, 'cron-vectors.tsv'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [start = '', expression = '', expected = ''] = line.split('\t');
    return { startMs: Date.parse(start), expression: expression.replaceAll('<TAB>', '\t'), expected };
  });

/** Where we do otherwise on purpose; each is in docs/schedules.md. */
const OTHERWISE: ReadonlyMap<string, string> = new Map([
  // The original takes it and never fires it.
  [
    '0 0 9 * * 7L',
    '2026-12-27T09:00:00Z 2027-01-31T09:00:00Z 2027-02-28T09:00:00Z 2027-03-28T09:00:00Z 2027-04-25T09:00:00Z ' +
      '2027-05-30T09:00:00Z 2027-06-27T09:00:00Z 2027-07-25T09:00:00Z 2027-08-29T09:00:00Z 2027-09-26T09:00:00Z',
  ],
  ['0 0 9 * * L', 'refused'],
  ['0 0 9 * * +', 'refused'],
]);

/** The next ten times, as a line of the table. */
function nextTen({ expression, startMs }: Omit<Vector, 'expected'>, zone = 'UTC'): string {
  const read = readCron(expression);
  if (!read.ok) return 'refused';
  const times: string[] = [];
  for (let atMs: number | null = startMs; times.length < 10; ) {
    atMs = read.times.next(atMs, zone);
    if (atMs === null) return [...times, 'never again'].join(' ');
    times.push(new Date(atMs).toISOString().replace('.000', ''));
  }
  return times.join(' ');
}

test('the table has more than 300 expressions with their times, and what is refused', () => {
  const refused = vectors.filter(({ expected }) => expected === 'refused');
  expect(refused.length).toBeGreaterThan(80);
  expect(vectors.length - refused.length).toBeGreaterThan(300);
});

test.each(vectors)('$expression from $startMs on: the ten times of the original’s library', (vector) => {
  expect(nextTen(vector)).toBe(OTHERWISE.get(vector.expression) ?? vector.expected);
});

describe('the time zone of the machine', () => {
  test.each(['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Tokyo'])(
    '%s changes nothing, also over its daylight saving',
    (zone) => {
      const before = process.env.TZ;
      process.env.TZ = zone;
      onTestFinished(() => {
        if (before === undefined) delete process.env.TZ;
        else process.env.TZ = before;
      });
      expect(new Intl.DateTimeFormat().resolvedOptions().timeZone).toBe(zone);
      const odd = vectors.filter(({ expression }) => (OTHERWISE.get(expression) ?? expression) === expression);
      for (const vector of odd) expect(nextTen(vector), vector.expression).toBe(vector.expected);
    },
  );
});

describe('in a zone with daylight saving', () => {
  const first = (expression: string, start: string, count: number) =>
    nextTen({ expression, startMs: Date.parse(start) }, 'Europe/Berlin')
      .split(' ')
      .slice(0, count);

  test('a time that does not exist on a day comes as much later as the clock was put forward, once', () => {
    expect(first('0 30 2 * * *', '2027-03-27T00:00:00Z', 3)).toEqual([
      '2027-03-27T01:30:00Z',
      '2027-03-28T01:30:00Z',
      '2027-03-29T00:30:00Z',
    ]);
  });

  test('a time that a day has twice comes at the first of them, once', () => {
    expect(first('0 30 2 * * *', '2027-10-30T00:00:00Z', 3)).toEqual([
      '2027-10-30T00:30:00Z',
      '2027-10-31T00:30:00Z',
      '2027-11-01T01:30:00Z',
    ]);
  });

  test('a day is one of the zone’s own calendar', () => {
    expect(first('0 0 0 1 * *', '2027-06-15T00:00:00Z', 2)).toEqual(['2027-06-30T22:00:00Z', '2027-07-31T22:00:00Z']);
  });
});

test.each([
  ['* * * * *', 'expected 6 or 7 fields, with seconds first, found 5'],
  ['', 'expected 6 or 7 fields, with seconds first, found 0'],
  ['0 0 9 * * FRI-MON', 'day of week: "5-1": expected a range that ascends'],
  ['0 61 9 * * *', 'minute: "61": expected a number from 0 to 59'],
  ['*/0 * * * * *', 'second: "*/0": expected a step of 1 or more'],
])('%s is refused in words', (expression, why) => {
  expect(readCron(expression)).toEqual({ ok: false, why });
});

const HOUR_MS = 3_600_000;

/** The next times of some expressions, asked for every 11 hours of a year. */
function timesOfAYear(zone: string): (number | null)[] {
  const times: (number | null)[] = [];
  for (const expression of ['0 30 2 * * *', '0 0 9 * * 1-5', '0 */15 1-3 * * *', '0 0 3 29 2 *', '0 59 1 * * SUN']) {
    const read = readCron(expression);
    if (!read.ok) throw new Error(read.why);
    for (let atMs = Date.UTC(2026, 0, 1); atMs < Date.UTC(2027, 0, 1); atMs += 11 * HOUR_MS)
      times.push(read.times.next(atMs, zone));
  }
  return times;
}

test.each(['Europe/Berlin', 'America/New_York', 'Asia/Tokyo'])(
  'in the zone of the PC, %s, the times are those of any other zone, over both changes of the clock',
  (zone) => {
    const before = process.env.TZ;
    onTestFinished(() => {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    });
    process.env.TZ = 'UTC';
    const elsewhere = timesOfAYear(zone);
    process.env.TZ = zone;
    expect(timesOfAYear(zone)).toEqual(elsewhere);
  },
);
