import { expect, test } from 'vitest';
import { openAtMs, parseDailyWindow } from './daily-window.ts';

const at = (time: string) => new Date(`2026-11-30T${time}:30`).getTime();
const begin = (day: string, time: string) => new Date(`2026-${day}T${time}:00`).getTime();

test.each([
  ['22:00-05:00', '21:59', begin('11-30', '22:00')],
  ['22:00-05:00', '22:00', at('22:00')],
  ['22:00-05:00', '04:59', at('04:59')],
  ['22:00-05:00', '05:00', begin('11-30', '22:00')],
  ['09:30-10:00', '09:29', begin('11-30', '09:30')],
  ['09:30-10:00', '09:59', at('09:59')],
  ['09:30-10:00', '10:00', begin('12-01', '09:30')],
  ['00:00-23:59', '23:59', begin('12-01', '00:00')],
])('%s at %s', (text, time, open) => {
  const window = parseDailyWindow(text);
  if (window === null) throw new Error(text);
  expect(openAtMs(window, at(time))).toBe(open);
});

test.each(['', '22-05', '24:00-05:00', '22:00-22:00', '22:00 - 05:00', '9:00-10:00', 'always'])(
  '%j is none',
  (text) => {
    expect(parseDailyWindow(text)).toBeNull();
  },
);
