import { expect, test } from 'vitest';
import { momentMs } from './moment.ts';

test('a day begins at midnight here, a moment is the same everywhere', () => {
  expect(momentMs('2026-12-24')).toBe(new Date(2026, 11, 24).getTime());
  expect(momentMs('2026-12-24T10:00+09:00')).toBe(Date.UTC(2026, 11, 24, 1));
  expect(momentMs('2026-12-24T01:00:00.5Z')).toBe(Date.UTC(2026, 11, 24, 1, 0, 0, 500));
});

test.each(['', '24.12.2026', '2026-02-30', '2026-13-01', '2026-12-24T10:00', '2026-12-24 10:00Z', '2026-12-24T25:00Z'])(
  '%j is none',
  (text) => {
    expect(momentMs(text)).toBeNull();
  },
);
