/**
 * The cron dialect of the fleet (protocol §6.2). Its words are read here, strictly; which moment comes next is croner's to say,
 * which agrees with the original's library of the same name on every expression that is left then (`cron.test.ts` compares).
 */
import { Cron } from 'croner';
import { FIELDS, readField } from './cron-fields.ts';
import { machineZone } from './local-day.ts';
import type { Occurrences } from './types.ts';

export type CronRead =
  | { readonly ok: true; readonly times: Occurrences }
  | { readonly ok: false; readonly why: string };

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@YEARLY', '0 0 0 1 1 *'],
  ['@ANNUALLY', '0 0 0 1 1 *'],
  ['@MONTHLY', '0 0 0 1 * *'],
  ['@WEEKLY', '0 0 0 * * 0'],
  ['@DAILY', '0 0 0 * * *'],
  ['@HOURLY', '0 0 * * * *'],
]);

const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const WEEKDAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ');
/** The original puts the number in the place of a name wherever it stands. */
const NAMES = new Map([
  ...MONTHS.map((name, index): [string, string] => [name, String(index + 1)]),
  ...WEEKDAYS.map((name, index): [string, string] => [name, String(index)]),
]);
const ANY_NAME = new RegExp([...NAMES.keys()].join('|'), 'g');

/** Reads an expression; `why` is for people. */
export function readCron(expression: string): CronRead {
  const text = expression.trim().toUpperCase();
  const parts = (NICKNAMES.get(text) ?? text).replaceAll(ANY_NAME, (name) => NAMES.get(name) ?? name).split(/ +/);
  const known = FIELDS.slice(0, parts.length);
  if (parts.length < FIELDS.length - 1 || known.length < parts.length) {
    return { ok: false, why: `expected 6 or 7 fields, with seconds first, found ${text === '' ? 0 : parts.length}` };
  }
  const fields: string[] = [];
  for (const [index, rule] of known.entries()) {
    const read = readField(parts[index] ?? '', rule);
    if (!read.ok) return read;
    fields.push(read.text);
  }
  return { ok: true, times: timesOf(fields.join(' ')) };
}

/** Both day fields have to match where both are restricted. */
const OPTIONS = { mode: '6-or-7-parts', domAndDow: true, paused: true } as const;

/** Without a read of the tables of time zones it takes a twentieth of the time, and some hundred schedules are checked in one turn. */
function placeOf(zone: string) {
  if (zone === 'UTC') return { utcOffset: 0 };
  return zone === machineZone() ? {} : { timezone: zone };
}

function timesOf(pattern: string): Occurrences {
  const inZone = new Map<string, Cron>();
  return {
    next(afterMs, zone) {
      const cron = inZone.get(zone) ?? new Cron(pattern, { ...OPTIONS, ...placeOf(zone) });
      inZone.set(zone, cron);
      return cron.nextRun(new Date(afterMs))?.getTime() ?? null;
    },
  };
}
