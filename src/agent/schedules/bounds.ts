/** Periods and windows of documents, and whether a moment is in them. */
import { NS_PER_MS } from '../../shared/time-units.ts';
import { parseTimestamp } from '../wire/timestamp.ts';
import { wallTime } from './local-day.ts';
import type { Bound, DayWindow, Period } from './types.ts';

const MINUTES_OF_DAY = 24 * 60;

/** `undefined`: it can't be read. */
export function readBound(text: string | null): Bound | null | undefined {
  if (text === null) return null;
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return isDate(text) ? { kind: 'day', date: text } : undefined;
  const ns = parseTimestamp(text);
  return ns === undefined ? undefined : { kind: 'moment', atMs: Number(ns / NS_PER_MS) };
}

export function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined;
}

/** `HH:MM-HH:MM`; null: it can't be read. */
export function readWindow(text: string): DayWindow | null {
  const match = /^\s*(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)\s*$/.exec(text);
  if (match === null) return null;
  const [fromHour = 24, fromMinute = 60, toHour = 24, toMinute = 60] = match.slice(1).map(Number);
  const isDayEnd = toHour === 24 && toMinute === 0;
  if (fromHour > 23 || fromMinute > 59 || toMinute > 59 || (toHour > 23 && !isDayEnd)) return null;
  return { fromMinute: fromHour * 60 + fromMinute, toMinute: isDayEnd ? MINUTES_OF_DAY : toHour * 60 + toMinute };
}

/** From its beginning on, and before its end. */
export function isWithin({ from, until }: Period, nowMs: number, zone: string): boolean {
  return (from === null || hasCome(from, nowMs, zone)) && (until === null || !hasCome(until, nowMs, zone));
}

function hasCome(bound: Bound, nowMs: number, zone: string): boolean {
  return bound.kind === 'moment' ? nowMs >= bound.atMs : wallTime(nowMs, zone).date >= bound.date;
}

export function isInWindow({ fromMinute, toMinute }: DayWindow, nowMs: number, zone: string): boolean {
  const { minute } = wallTime(nowMs, zone);
  if (fromMinute <= toMinute) return minute >= fromMinute && minute < toMinute;
  return minute >= fromMinute || minute < toMinute;
}
