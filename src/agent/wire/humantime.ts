/** Durations as the fleet writes them: the humantime grammar of protocol §3.10, and its texts of §3.11. */

const NS = 1n;
const US = 1_000n;
const MS = 1_000_000n;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;
const WEEK = 7n * DAY;
const MONTH = 2_630_016n * SECOND;
const YEAR = 31_557_600n * SECOND;

const UNITS: Readonly<Record<string, bigint>> = Object.assign(Object.create(null), {
  ...named(NS, 'nanos nsec ns'),
  ...named(US, 'usec us µs'),
  ...named(MS, 'millis msec ms'),
  ...named(SECOND, 'seconds second secs sec s'),
  ...named(MINUTE, 'minutes minute min mins m'),
  ...named(HOUR, 'hours hour hr hrs h'),
  ...named(DAY, 'days day d'),
  ...named(WEEK, 'weeks week wk wks w'),
  ...named(MONTH, 'months month M'),
  ...named(YEAR, 'years year yr yrs y'),
});

/** The longest duration of the original: u64 seconds and 999,999,999 ns. Stands for "never" (protocol §3.11). */
export const DURATION_MAX = (2n ** 64n - 1n) * SECOND + 999_999_999n;

export type ParsedDuration =
  | { readonly ok: true; readonly ns: bigint }
  | { readonly ok: false; readonly error: string };

function named(ns: bigint, names: string): Record<string, bigint> {
  return Object.fromEntries(names.split(' ').map((name) => [name, ns]));
}

const OVERFLOW =
  'number is too large or cannot be represented without a lack of precision (values below 1ns are not supported)';

/** Reads one duration. The error texts are those of the original's library. */
export function parseDuration(text: string): ParsedDuration {
  const trimmed = text.trim();
  if (trimmed === '') return { ok: false, error: 'value was empty' };
  if (trimmed === '0') return { ok: true, ns: 0n };
  const reader = new Reader(text);
  let total = 0n;
  for (let first = true; ; first = false) {
    reader.skipSpace();
    if (reader.done) return first ? { ok: false, error: 'value was empty' } : { ok: true, ns: total };
    const item = readItem(reader);
    if (!item.ok) return item;
    total += item.ns;
    if (total > DURATION_MAX) return { ok: false, error: OVERFLOW };
  }
}

function readItem(reader: Reader): ParsedDuration {
  if (!isDigit(reader.peek)) {
    return { ok: false, error: `expected number at ${reader.byteOffset}` };
  }
  const whole = reader.digits();
  let fraction = '';
  if (reader.peek === '.') {
    reader.next();
    fraction = reader.digits();
    if (fraction === '') return { ok: false, error: `invalid character at ${reader.byteOffset}` };
  }
  reader.skipSpace();
  const start = reader.byteOffset;
  const unit = reader.letters();
  if (unit === '') {
    if (reader.done) {
      return { ok: false, error: `time unit needed, for example ${whole}sec or ${whole}ms` };
    }
    return { ok: false, error: `invalid character at ${start}` };
  }
  const ns = UNITS[unit];
  if (ns === undefined) {
    const known = 'ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)';
    return { ok: false, error: `unknown time unit "${unit}", supported units: ${known}` };
  }
  return scaled(whole, fraction, ns);
}

/** Exact or an error: whole nanoseconds below an hour, whole seconds from there on, no fraction of a nanosecond. */
function scaled(whole: string, fraction: string, unit: bigint): ParsedDuration {
  const value = BigInt(whole);
  if (value >= 2n ** 64n) return { ok: false, error: OVERFLOW };
  let ns = value * unit;
  if (fraction !== '') {
    const scale = 10n ** BigInt(fraction.length);
    const part = BigInt(fraction) * unit;
    const grain = unit >= HOUR ? SECOND : NS;
    if (unit === NS || part % (scale * grain) !== 0n) return { ok: false, error: OVERFLOW };
    ns += part / scale;
  }
  return ns > DURATION_MAX ? { ok: false, error: OVERFLOW } : { ok: true, ns };
}

/** Walks over the text; white space between digits is skipped, within a unit it ends the unit. */
class Reader {
  readonly #chars: readonly string[];
  #at = 0;
  byteOffset = 0;

  constructor(text: string) {
    this.#chars = [...text];
  }

  get done(): boolean {
    return this.#at >= this.#chars.length;
  }

  get peek(): string {
    return this.#chars[this.#at] ?? '';
  }

  next(): string {
    const char = this.peek;
    this.#at += 1;
    this.byteOffset += Buffer.byteLength(char);
    return char;
  }

  skipSpace(): void {
    while (!this.done && /\s/.test(this.peek)) this.next();
  }

  digits(): string {
    let digits = '';
    for (;;) {
      if (isDigit(this.peek)) digits += this.next();
      else if (digits !== '' && /\s/.test(this.peek)) this.next();
      else return digits;
    }
  }

  letters(): string {
    let letters = '';
    while (/[A-Za-zµ]/.test(this.peek)) letters += this.next();
    return letters;
  }
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9' && char.length === 1;
}

/** The text of a duration, largest part first (protocol §3.11). */
export function formatDuration(ns: bigint): string {
  if (ns === 0n) return '0s';
  const parts: string[] = [];
  let rest = ns;
  const take = (unit: bigint, name: (count: bigint) => string) => {
    const count = rest / unit;
    rest %= unit;
    if (count > 0n) parts.push(name(count));
  };
  const word = (text: string) => (count: bigint) => `${count}${text}${count === 1n ? '' : 's'}`;
  const letter = (text: string) => (count: bigint) => `${count}${text}`;
  take(YEAR, word('year'));
  take(MONTH, word('month'));
  take(DAY, word('day'));
  take(HOUR, letter('h'));
  take(MINUTE, letter('m'));
  take(SECOND, letter('s'));
  take(MS, letter('ms'));
  take(US, letter('us'));
  take(NS, letter('ns'));
  return parts.join(' ');
}
