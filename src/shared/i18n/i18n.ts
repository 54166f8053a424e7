/**
 * The words of window and tray in one language: sentences from the catalogue, and numbers, times and sizes as `Intl` forms
 * them. A key, or a hole in a sentence, that is not there does not compile.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../time-units.ts';
import type { Language } from '../ui-view.ts';
import { en, type MessageKey } from './en.ts';
import type { Entry } from './entry.ts';
import { ja } from './ja.ts';

type HolesOf<Text> = Text extends `${string}{${infer Hole}}${infer Rest}` ? Hole | HolesOf<Rest> : never;
type TextOf<E> = E extends string ? E : E extends { readonly other: infer Other } ? Other : never;
/** `{it}` is filled by {@link I18n} itself. */
export type Hole<K extends MessageKey> = Exclude<HolesOf<TextOf<(typeof en)[K]>>, 'it'>;
type Values<K extends MessageKey> = [Hole<K>] extends [never] ? [] : [Readonly<Record<Hole<K>, string | number>>];

type Catalogue = Readonly<Record<MessageKey, Entry>>;
const EXACT_UNITS = [
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
  ['second', SECOND_MS],
  ['millisecond', 1],
] as const;

const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en, ja };

export class I18n {
  readonly language: Language;
  /** How the IT department is called in the middle of a sentence. */
  readonly it: string;
  /** The same where a sentence begins with it. */
  readonly #itFirst: string;
  readonly #catalogue: Catalogue;
  readonly #plural: Intl.PluralRules;
  readonly #formats = new Map<string, Intl.DateTimeFormat>();
  readonly #units = new Map<string, Intl.NumberFormat>();

  /** `itName`: what IT wants to be called, null for the word of the language. */
  constructor(language: Language, itName: string | null = null) {
    this.language = language;
    this.#catalogue = CATALOGUES[language];
    this.it = itName ?? this.t('it');
    this.#itFirst = language === 'en' ? begun(this.it) : this.it;
    this.#plural = new Intl.PluralRules(language);
  }

  /** The sentence of `key` with its holes filled. */
  t<K extends MessageKey>(key: K, ...[values]: Values<K>): string {
    const given: Readonly<Record<string, string | number>> = values ?? {};
    const entry = this.#catalogue[key];
    const text = typeof entry === 'string' ? entry : this.#form(entry, Number(given.n));
    return text.replaceAll(/\{(\w+)\}/g, (_, hole: string, at: number) => {
      if (hole === 'it') return /(?:^|[.?!] )$/.test(text.slice(0, at)) ? this.#itFirst : this.it;
      const value = given[hole];
      return typeof value === 'number' ? this.number(value) : (value ?? '');
    });
  }

  #form(entry: Exclude<Entry, string>, n: number): string {
    return (this.#plural.select(n) === 'one' ? entry.one : undefined) ?? entry.other;
  }

  number(value: number): string {
    return this.#unit('number', {}).format(value);
  }

  /** "128", "1K": where there is room for three signs. */
  compact(value: number): string {
    return this.#unit('compact', { notation: 'compact', maximumFractionDigits: 0 }).format(value);
  }

  /** "45 sec", "1 min 20 sec", "3 min", "2 hr 5 min", "4 days": two units while the first is small. */
  duration(ms: number): string {
    if (ms < SECOND_MS) return this.t('duration.moment');
    const whole = Math.round(ms / SECOND_MS) * SECOND_MS;
    if (whole < MINUTE_MS) return this.#amount(whole / SECOND_MS, 'second');
    if (whole < HOUR_MS) return this.#two(whole, MINUTE_MS, 'minute', SECOND_MS, 'second', 10);
    if (whole < 2 * DAY_MS) return this.#two(whole, HOUR_MS, 'hour', MINUTE_MS, 'minute', 10);
    return this.#amount(Math.floor(whole / DAY_MS), 'day');
  }

  /** "0 sec", "1 min 30 sec", "2 days 1 hr": all of it, for what somebody has set. */
  exactly(ms: number): string {
    if (ms === 0) return this.#amount(0, 'second');
    const parts: string[] = [];
    let leftMs = ms;
    for (const [unit, unitMs] of EXACT_UNITS) {
      // As in a duration, less than two days are hours.
      if (unit === 'day' && ms < 2 * DAY_MS) continue;
      const n = Math.floor(leftMs / unitMs);
      if (n > 0) parts.push(this.#amount(n, unit));
      leftMs -= n * unitMs;
    }
    return this.join(...parts);
  }

  /** As {@link duration}, in whole minutes from one minute on: for what is not watched second by second. */
  roughly(ms: number): string {
    if (ms < MINUTE_MS) return this.duration(ms);
    return this.duration(Math.floor(ms / MINUTE_MS) * MINUTE_MS);
  }

  /** "5 minutes ago"; nothing is said of seconds, which would not be true for long. */
  ago(atMs: number, nowMs: number): string {
    const ms = Math.max(0, nowMs - atMs);
    const format = new Intl.RelativeTimeFormat(this.language, { numeric: 'always' });
    const back = (unitMs: number, unit: Intl.RelativeTimeFormatUnit) =>
      this.#tight(format.format(-Math.floor(ms / unitMs), unit));
    if (ms < MINUTE_MS) return this.t('ago.now');
    if (ms < HOUR_MS) return back(MINUTE_MS, 'minute');
    return ms < DAY_MS ? back(HOUR_MS, 'hour') : back(DAY_MS, 'day');
  }

  /** "14:02". */
  clock(atMs: number): string {
    return this.#date(atMs, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  }

  /** "14:02:09". */
  clockWithSeconds(atMs: number): string {
    return this.#date(atMs, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  }

  /** "24 Nov"; of another year with the year. */
  shortDay(atMs: number, nowMs: number): string {
    return this.#date(atMs, { day: 'numeric', month: 'short', ...yearUnlessThis(atMs, nowMs) });
  }

  /** "Tuesday, 24 November 2026". */
  day(atMs: number): string {
    return this.#date(atMs, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  }

  /** "Today · Wednesday, 25 November"; of another year with the year. */
  dayInList(atMs: number, nowMs: number): string {
    const day = this.#date(atMs, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      ...yearUnlessThis(atMs, nowMs),
    });
    if (isSameDay(atMs, nowMs)) return `${this.t('activity.day.today')} · ${day}`;
    const yesterdayMs = new Date(nowMs).setHours(-12, 0, 0, 0);
    return isSameDay(atMs, yesterdayMs) ? `${this.t('activity.day.yesterday')} · ${day}` : day;
  }

  /** Which is nearer: "14:02" of today, else "24 Nov". */
  dayOrClock(atMs: number, nowMs: number): string {
    return isSameDay(atMs, nowMs) ? this.clock(atMs) : this.shortDay(atMs, nowMs);
  }

  /** A day and a time, without the day when it is today; of another year with the year. */
  moment(atMs: number, nowMs: number): string {
    if (isSameDay(atMs, nowMs)) return this.clock(atMs);
    return this.#date(atMs, {
      day: 'numeric',
      month: 'short',
      ...yearUnlessThis(atMs, nowMs),
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  }

  /** "1.4 GB", in the powers of 1,000 that the disks of shops use. */
  bytes(bytes: number): string {
    const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
    let value = bytes;
    let step = 0;
    while (value >= 1_000 && step < units.length - 1) {
      value /= 1_000;
      step += 1;
    }
    const maximumFractionDigits = step > 0 && value < 10 ? 1 : 0;
    return this.#unit(`bytes${step}${maximumFractionDigits}`, {
      style: 'unit',
      unit: units[step] ?? 'byte',
      unitDisplay: step === 0 ? 'long' : 'short',
      maximumFractionDigits,
    }).format(value);
  }

  /** "office, canary". */
  list(texts: readonly string[]): string {
    return texts.join(this.language === 'ja' ? '、' : ', ');
  }

  /** Two sentences one after the other, as the language sets them. */
  join(...sentences: readonly (string | null)[]): string {
    return sentences.filter((each) => each !== null && each !== '').join(this.language === 'ja' ? '' : ' ');
  }

  #two(ms: number, bigMs: number, big: string, smallMs: number, small: string, smallUpTo: number): string {
    const bigs = Math.floor(ms / bigMs);
    const smalls = Math.floor((ms % bigMs) / smallMs);
    const first = this.#amount(bigs, big);
    if (smalls === 0 || bigs >= smallUpTo) return first;
    return this.join(first, this.#amount(smalls, small));
  }

  #amount(value: number, unit: string): string {
    const unitDisplay = unit === 'day' ? 'long' : 'short';
    return this.#tight(this.#unit(unit, { style: 'unit', unit, unitDisplay }).format(value));
  }

  /** Japanese sets numbers and units without a gap. */
  #tight(text: string): string {
    return this.language === 'ja' ? text.replaceAll(/\s/g, '') : text;
  }

  #unit(name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
    const known = this.#units.get(name);
    if (known !== undefined) return known;
    const made = new Intl.NumberFormat(this.language, options);
    this.#units.set(name, made);
    return made;
  }

  #date(atMs: number, options: Intl.DateTimeFormatOptions): string {
    const name = `${zoneOffsets()} ${JSON.stringify(options)}`;
    const known = this.#formats.get(name) ?? new Intl.DateTimeFormat(this.language === 'en' ? 'en-GB' : 'ja', options);
    this.#formats.set(name, known);
    return known.format(atMs);
  }
}

/** "the Service Desk" as "The Service Desk"; a name that is written its own way, as "eBay IT", stays as it is. */
function begun(name: string): string {
  return /^\p{Ll}+(?![\p{L}\p{N}])/u.test(name) ? name.charAt(0).toUpperCase() + name.slice(1) : name;
}

/** A day without its year is taken for the nearest one: what expires next year would have expired. */
function yearUnlessThis(atMs: number, nowMs: number): Intl.DateTimeFormatOptions {
  return new Date(atMs).getFullYear() === new Date(nowMs).getFullYear() ? {} : { year: 'numeric' };
}

/** Whether two moments lie on one day of this PC's calendar. */
export function isSameDay(oneMs: number, otherMs: number): boolean {
  return new Date(oneMs).setHours(0, 0, 0, 0) === new Date(otherMs).setHours(0, 0, 0, 0);
}

const [WINTER, SUMMER] = [new Date(Date.UTC(2026, 0)), new Date(Date.UTC(2026, 6))];

/** A format keeps the zone in which it was made, and a PC may come into another one. */
function zoneOffsets(): string {
  return `${WINTER.getTimezoneOffset()} ${SUMMER.getTimezoneOffset()}`;
}
