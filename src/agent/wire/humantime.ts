/** Durations in words, as operators and the fleet write them (protocol §3.10 and §3.11): exact, in nanoseconds. */
import { NS_PER_SECOND } from '../../shared/time-units.ts';

export type ParsedDuration =
  | { readonly ok: true; readonly ns: bigint }
  | { readonly ok: false; readonly error: string };

export const U64_MAX = 2n ** 64n - 1n;

/** The longest duration there is; the fleet's "never connected". */
export const DURATION_MAX = U64_MAX * NS_PER_SECOND + 999_999_999n;

/** No duration that anybody means is longer, and one is read at each check of a gate. */
const MAX_CHARS = 1_000;
const TOO_LARGE =
  'number is too large or cannot be represented without a lack of precision (values below 1ns are not supported)';

interface Unit {
  readonly ns: bigint;
  /** A fraction of this unit must be a whole number of these; null: it has no fraction. */
  readonly fractionOfNs: bigint | null;
}

const UNITS: ReadonlyMap<string, Unit> = new Map(
  (
    [
      ['nanos nsec ns', { ns: 1n, fractionOfNs: null }],
      ['usec us µs', { ns: 1_000n, fractionOfNs: 1n }],
      ['millis msec ms', { ns: 1_000_000n, fractionOfNs: 1n }],
      ['seconds second secs sec s', seconds(1n, 1n)],
      ['minutes minute min mins m', seconds(60n, 1n)],
      ['hours hour hr hrs h', seconds(3_600n, NS_PER_SECOND)],
      ['days day d', seconds(86_400n, NS_PER_SECOND)],
      ['weeks week wk wks w', seconds(604_800n, NS_PER_SECOND)],
      ['months month M', seconds(2_630_016n, NS_PER_SECOND)],
      ['years year yr yrs y', seconds(31_557_600n, NS_PER_SECOND)],
    ] satisfies [string, Unit][]
  ).flatMap(([names, unit]) => names.split(' ').map((name): [string, Unit] => [name, unit])),
);

function seconds(count: bigint, fractionOfNs: bigint): Unit {
  return { ns: count * NS_PER_SECOND, fractionOfNs };
}

/** Reads a duration such as `1h 30m`. `error` is the fleet's own wording; offsets are bytes. */
export function parseDuration(text: string): ParsedDuration {
  if (text.length > MAX_CHARS) return fail(`longer than ${MAX_CHARS} characters`);
  const trimmed = text.trim();
  if (trimmed === '') return fail('value was empty');
  if (trimmed === '0') return { ok: true, ns: 0n };
  let totalNs = 0n;
  for (let at = skipWhite(text, 0); at < text.length; at = skipWhite(text, at)) {
    const item = parseItem(text, at);
    if (!item.ok) return item;
    totalNs += item.ns;
    if (totalNs > DURATION_MAX) return fail(TOO_LARGE);
    at = item.end;
  }
  return { ok: true, ns: totalNs };
}

function parseItem(text: string, start: number): { ok: true; ns: bigint; end: number } | { ok: false; error: string } {
  if (!isDigit(text[start])) return fail(`expected number at ${byteOffset(text, start)}`);
  const whole = readDigits(text, start);
  const count = BigInt(whole.digits.slice(0, 400));
  if (count > U64_MAX || whole.digits.length > 400) return fail(TOO_LARGE);
  let at = whole.end;
  let fraction = '';
  if (text[at] === '.') {
    const read = readDigits(text, at + 1);
    if (read.digits === '') return fail(`invalid character at ${byteOffset(text, read.end)}`);
    fraction = read.digits;
    at = read.end;
  }
  const unitEnd = skipUnit(text, at);
  const name = text.slice(at, unitEnd);
  // What follows a unit is white space, the next number, or the end.
  const next = text[unitEnd];
  if (next !== undefined && !isWhite(next) && !isDigit(next)) {
    return fail(`invalid character at ${byteOffset(text, unitEnd)}`);
  }
  if (name === '') return fail(`time unit needed, for example ${count}sec or ${count}ms`);
  const unit = UNITS.get(name);
  if (unit === undefined) {
    return fail(
      `unknown time unit "${name}", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)`,
    );
  }
  const fractionNs = fraction === '' ? 0n : exactFraction(fraction, unit);
  return fractionNs === undefined ? fail(TOO_LARGE) : { ok: true, ns: count * unit.ns + fractionNs, end: unitEnd };
}

/** `fraction` of one unit in nanoseconds; undefined where that is not exact. */
function exactFraction(fraction: string, { ns, fractionOfNs }: Unit): bigint | undefined {
  const digits = fraction.replace(/0+$/, '');
  // No fraction with more digits than this is exact in any unit.
  if (fractionOfNs === null || digits.length > 30) return undefined;
  const scaled = BigInt(digits === '' ? '0' : digits) * ns;
  const divisor = 10n ** BigInt(digits.length) * fractionOfNs;
  return scaled % divisor === 0n ? (scaled / divisor) * fractionOfNs : undefined;
}

/** Digits from `start` on; white space between and after them counts for nothing. */
function readDigits(text: string, start: number): { digits: string; end: number } {
  let end = start;
  while (isDigit(text[end]) || isWhite(text[end])) end += 1;
  return { digits: text.slice(start, end).replaceAll(/\s+/g, ''), end };
}

function skipWhite(text: string, start: number): number {
  let at = start;
  while (isWhite(text[at])) at += 1;
  return at;
}

function skipUnit(text: string, start: number): number {
  let at = start;
  while (/[a-zA-Zµ]/.test(text[at] ?? '')) at += 1;
  return at;
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}

function isWhite(char: string | undefined): boolean {
  return char !== undefined && /\s/.test(char);
}

function byteOffset(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index));
}

function fail(error: string): { ok: false; error: string } {
  return { ok: false, error };
}

const LONG_PARTS: readonly [bigint, string][] = [
  [31_557_600n, 'year'],
  [2_630_016n, 'month'],
  [86_400n, 'day'],
];
const SHORT_PARTS: readonly [bigint, string][] = [
  [3_600n * NS_PER_SECOND, 'h'],
  [60n * NS_PER_SECOND, 'm'],
  [NS_PER_SECOND, 's'],
  [1_000_000n, 'ms'],
  [1_000n, 'us'],
  [1n, 'ns'],
];

/** `1day 2h`, `30m 24s 400ms`, `0s`: the text of protocol §3.11 for a duration of 0 to {@link DURATION_MAX}. */
export function formatDuration(ns: bigint): string {
  const parts: string[] = [];
  let rest = ns;
  for (const [unitSeconds, name] of LONG_PARTS) {
    const count = rest / (unitSeconds * NS_PER_SECOND);
    rest %= unitSeconds * NS_PER_SECOND;
    if (count > 0n) parts.push(`${count}${name}${count === 1n ? '' : 's'}`);
  }
  for (const [unitNs, name] of SHORT_PARTS) {
    const count = rest / unitNs;
    rest %= unitNs;
    if (count > 0n) parts.push(`${count}${name}`);
  }
  return parts.length === 0 ? '0s' : parts.join(' ');
}
