/**
 * A time of day that comes every day, by the clock on the wall: `22:00-05:00` begins in the evening and ends in the morning. What a
 * change to summer time leaves out is left out, as for people.
 */
import { MINUTE_MS } from '../shared/time-units.ts';

export interface DailyWindow {
  /** Minutes after midnight; `from` is in it, `to` is not. */
  readonly from: number;
  readonly to: number;
}

const FORM = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;
const DAY_MINUTES = 24 * 60;

/** null: it is none; one that is empty is none either. */
export function parseDailyWindow(text: string): DailyWindow | null {
  const found = FORM.exec(text);
  if (found === null) return null;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = found.slice(1).map(Number);
  const window = { from: fromHour * 60 + fromMinute, to: toHour * 60 + toMinute };
  return window.from === window.to ? null : window;
}

/** When it is next open, ms since the epoch: `nowMs` itself while it is. */
export function openAtMs({ from, to }: DailyWindow, nowMs: number): number {
  const now = new Date(nowMs);
  const minute = now.getHours() * 60 + now.getMinutes();
  const isOpen = from < to ? minute >= from && minute < to : minute >= from || minute < to;
  if (isOpen) return nowMs;
  const waitMinutes = (from - minute + DAY_MINUTES) % DAY_MINUTES;
  return nowMs - (nowMs % MINUTE_MS) + waitMinutes * MINUTE_MS;
}
