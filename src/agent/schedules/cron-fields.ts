/**
 * One field of a cron expression in the dialect of the fleet (protocol §6.2), written out as plain numbers: whatever differs from
 * one cron library to the next (where a step begins, which shorthands there are) is decided here and nowhere else.
 */

export type FieldRead = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string };

export interface FieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** `days`: L, nW and ?. `weekdays`: d#n, dL, ? and a leading +. */
  readonly specials: 'none' | 'days' | 'weekdays';
}

/** In their order; the last may be left out. */
export const FIELDS = [
  { name: 'second', min: 0, max: 59, specials: 'none' },
  { name: 'minute', min: 0, max: 59, specials: 'none' },
  { name: 'hour', min: 0, max: 23, specials: 'none' },
  { name: 'day of month', min: 1, max: 31, specials: 'days' },
  { name: 'month', min: 1, max: 12, specials: 'none' },
  // Sunday is 0 and 7.
  { name: 'day of week', min: 0, max: 7, specials: 'weekdays' },
  { name: 'year', min: 1, max: 5_000, specials: 'none' },
] as const satisfies readonly FieldRule[];

class Wrong extends Error {}

/** `text` in capitals, with numbers in place of names. */
export function readField(text: string, rule: FieldRule): FieldRead {
  try {
    return { ok: true, text: written(text, rule) };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { ok: false, why: `${rule.name}: ${JSON.stringify(text)}: ${error.message}` };
  }
}

function written(whole: string, rule: FieldRule): string {
  const text = rule.specials === 'weekdays' ? whole.replace(/^\+/, '') : whole;
  if (text === '*' || (text === '?' && rule.specials !== 'none')) return '*';
  // The original passes over an empty one in a list.
  const entries = text.split(',').filter((entry) => entry !== '');
  if (entries.length === 0) throw new Wrong('expected a value');
  const parts = new Set(entries.flatMap((entry) => readEntry(entry, rule)));
  return [...parts].join(',');
}

function readEntry(entry: string, rule: FieldRule): readonly string[] {
  if (rule.specials === 'days') {
    if (entry === 'L') return ['L'];
    const nearest = /^(\d+)W$/.exec(entry);
    if (nearest !== null) return [`${inRange(nearest[1], rule)}W`];
  }
  if (rule.specials === 'weekdays') {
    const last = /^(\d+)(?:L|#L)$/.exec(entry);
    if (last !== null) return [`${weekday(inRange(last[1], rule))}L`];
    const [days = '', nth, more] = entry.split('#');
    if (nth !== undefined) {
      if (more !== undefined || !/^[1-5]$/.test(nth) || days === '*' || days === '?') {
        throw new Wrong('expected 1 to 5 behind #');
      }
      return numbers(days, rule).map((day) => `${weekday(day)}#${nth}`);
    }
    return numbers(entry, rule).map((day) => String(weekday(day)));
  }
  return numbers(entry, rule).map(String);
}

/** `n`, `a-b`, `n/step`, `a-b/step`, and `* /step`. */
function numbers(entry: string, rule: FieldRule): readonly number[] {
  const [range = '', step, more] = entry.split('/');
  if (more !== undefined) throw new Wrong('expected one step');
  const { from, to } = readRange(range, step !== undefined, rule);
  const by = step === undefined ? 1 : whole(step, 'a step');
  if (by === 0) throw new Wrong('expected a step of 1 or more');
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}

function readRange(text: string, stepped: boolean, rule: FieldRule): { from: number; to: number } {
  const isAny = text === '*' || (text === '?' && rule.specials !== 'none');
  if (isAny && stepped) return { from: rule.min, to: rule.max };
  const [first, last, more] = text.split('-');
  if (more !== undefined) throw new Wrong('expected one range');
  const from = inRange(first, rule);
  if (last === undefined) return { from, to: stepped ? rule.max : from };
  const to = inRange(last, rule);
  if (to < from) throw new Wrong('expected a range that ascends');
  return { from, to };
}

function inRange(text: string | undefined, { min, max }: FieldRule): number {
  const value = whole(text, `a number from ${min} to ${max}`);
  if (value < min || value > max) throw new Wrong(`expected a number from ${min} to ${max}`);
  return value;
}

function whole(text: string | undefined, what: string): number {
  if (text === undefined || !/^\d{1,9}$/.test(text)) throw new Wrong(`expected ${what}`);
  return Number(text);
}

function weekday(day: number): number {
  return day % 7;
}
