/**
 * Times of the wire (protocol §3.9): nanoseconds since the Unix epoch as bigint inside, RFC 3339 outside, exact to the
 * nanosecond in both directions.
 */
import { NS_PER_SECOND } from '../../shared/time-units.ts';

const FORM = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):?(\d\d))$/;

/** The last moment that can be written: the years of RFC 3339 have four digits. */
export const LAST_NS = 253_402_300_799n * NS_PER_SECOND + 999_999_999n;

/**
 * Reads RFC 3339 with the relaxations of protocol §3.9; undefined if it is none or names no valid date. Digits after the ninth of a
 * fraction are cut off. A leap second (`:60`) is the moment after second 59.
 */
export function parseTimestamp(text: string): bigint | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const field = (index: number) => Number(match[index] ?? 0);
  const [year, month, day, hour, minute, second] = [field(1), field(2), field(3), field(4), field(5), field(6)];
  const [offsetHours, offsetMinutes] = [field(9), field(10)];
  if (hour > 23 || minute > 59 || second > 60 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const date = new Date(0);
  // Unlike Date.UTC, this takes the years 0–99 for what they are. An impossible day or month moves the date on.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offsetSeconds = (offsetHours * 3600 + offsetMinutes * 60) * (match[8] === '-' ? -1 : 1);
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offsetSeconds;
  const fractionNs = BigInt((match[7] ?? '').slice(0, 9).padEnd(9, '0'));
  return BigInt(seconds) * NS_PER_SECOND + fractionNs;
}

/** `2026-11-24T03:00:00Z`, with 3, 6 or 9 digits of a fraction where there is one: the shortest exact form. */
export function formatTimestamp(ns: bigint): string {
  const { date, time } = parts(ns);
  return `${date}T${time}Z`;
}

/** `2026-11-24 03:00:00 UTC`: the same time as it stands inside stderr texts. */
export function formatTimestampText(ns: bigint): string {
  const { date, time } = parts(ns);
  return `${date} ${time} UTC`;
}

function parts(ns: bigint): { date: string; time: string } {
  // Rounded down also before 1970.
  const fractionNs = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const iso = new Date(Number((ns - fractionNs) / NS_PER_SECOND) * 1000).toISOString();
  const split = iso.indexOf('T');
  // Years outside 0–9999 have a sign and at least four digits there, six here.
  const date = iso.slice(0, split).replace(/^([+-])0*(\d{4,})/, '$1$2');
  return { date, time: iso.slice(split + 1, split + 9) + fraction(fractionNs) };
}

function fraction(ns: bigint): string {
  if (ns === 0n) return '';
  const digits = ns.toString().padStart(9, '0');
  if (digits.endsWith('000000')) return `.${digits.slice(0, 3)}`;
  return digits.endsWith('000') ? `.${digits.slice(0, 6)}` : `.${digits}`;
}
