import { afterEach, expect, test, vi } from 'vitest';
import { lastDays, midnightMs } from './days.ts';

const HOUR_MS = 3_600_000;

afterEach(() => void vi.unstubAllEnvs());

test('days begin at local midnight, oldest first, and today is the last', () => {
  vi.stubEnv('TZ', 'Asia/Tokyo');
  const nowMs = Date.parse('2026-03-01T10:00:00+09:00');
  expect(lastDays(nowMs, 3).map((ms) => new Date(ms).toISOString())).toEqual([
    '2026-02-26T15:00:00.000Z',
    '2026-02-27T15:00:00.000Z',
    '2026-02-28T15:00:00.000Z',
  ]);
  expect(midnightMs(nowMs, 1)).toBe(Date.parse('2026-03-02T00:00:00+09:00'));
});

test.each([
  ['short', '2026-03-29T12:00:00+02:00', 23],
  ['long', '2026-10-25T12:00:00+01:00', 25],
])('a %s day ends where the next begins', (_name, at, hours) => {
  vi.stubEnv('TZ', 'Europe/Berlin');
  const nowMs = Date.parse(at);
  expect((midnightMs(nowMs, 1) - midnightMs(nowMs)) / HOUR_MS).toBe(hours);
  const starts = lastDays(nowMs, 30);
  expect(new Set(starts).size).toBe(30);
  expect(starts.map((ms) => new Date(ms).getHours())).toEqual(starts.map(() => 0));
});

test('where midnight itself was skipped, the day begins at its first moment', () => {
  vi.stubEnv('TZ', 'America/Havana');
  const nowMs = Date.parse('2026-03-08T12:00:00-04:00');
  expect(new Date(midnightMs(nowMs)).getDate()).toBe(8);
  expect(midnightMs(nowMs + 24 * HOUR_MS, -1)).toBe(midnightMs(nowMs));
});
