/**
 * Reads the fields of one JSON object by the rules of the fleet's own decoder (protocol §3) and remembers the first that
 * is not as expected. A wrong field never throws: it reads as a stand-in, and `problem` says what was wrong.
 */
import { U64_MAX } from './humantime.ts';
import { parseJson } from './json.ts';
import { describe, isJsonObject, JsonDecimal, type JsonObject, type JsonValue } from './json-value.ts';
import { parseTimestamp } from './timestamp.ts';

export type Decoded<K extends string, T> =
  | ({ readonly ok: true } & { readonly [key in K]: T })
  | { readonly ok: false; readonly error: string };

const U32_MAX = 2 ** 32 - 1;

export class FieldReader {
  readonly #object: JsonObject;
  readonly #path: string;
  #problem: string | null = null;

  constructor(object: JsonObject, path = '') {
    this.#object = object;
    this.#path = path;
  }

  /** `<field>: expected …, found …` for the first field that was not as expected; null if all were. */
  get problem(): string | null {
    return this.#problem;
  }

  has(name: string): boolean {
    return name in this.#object;
  }

  string(name: string): string {
    const value = this.#object[name];
    return typeof value === 'string' ? value : this.#wrong(name, 'a string', '');
  }

  /** Absent and null are null. */
  nullableString(name: string): string | null {
    return this.isNone(name) ? null : this.string(name);
  }

  boolean(name: string): boolean {
    const value = this.#object[name];
    return typeof value === 'boolean' ? value : this.#wrong(name, 'true or false', false);
  }

  nullableBoolean(name: string): boolean | null {
    return this.isNone(name) ? null : this.boolean(name);
  }

  oneOf<const T extends string>(name: string, choices: readonly [T, ...T[]]): T {
    const value = this.#object[name];
    const choice = choices.find((each) => each === value);
    return choice ?? this.#wrong(name, `one of ${choices.map((each) => `"${each}"`).join(', ')}`, choices[0]);
  }

  /** A list of some of these. */
  choices<const T extends string>(name: string, all: readonly [T, ...T[]]): readonly T[] {
    const value = this.#object[name];
    const chosen = Array.isArray(value) ? value.map((each) => all.find((choice) => choice === each)) : [];
    const known = chosen.filter((each) => each !== undefined);
    if (Array.isArray(value) && known.length === value.length) return known;
    return this.#wrong(name, `a list of ${all.map((each) => `"${each}"`).join(', ')}`, []);
  }

  /** Whether a text stands there, whatever it says. */
  isText(name: string): boolean {
    return typeof this.#object[name] === 'string';
  }

  u64(name: string): number | bigint {
    const value = this.#object[name];
    const fits =
      (typeof value === 'number' && value >= 0) || (typeof value === 'bigint' && value >= 0n && value <= U64_MAX);
    return fits ? value : this.#wrong(name, `a whole number from 0 to ${U64_MAX}`, 0);
  }

  nullableU64(name: string): number | bigint | null {
    return this.isNone(name) ? null : this.u64(name);
  }

  u32(name: string): number {
    return this.integer(name, 0, U32_MAX);
  }

  /** A whole number in [min, max]. */
  integer(name: string, min: number, max: number): number {
    const value = this.#object[name];
    if (typeof value === 'number' && value >= min && value <= max) return value;
    return this.#wrong(name, `a whole number from ${min} to ${max}`, min);
  }

  nullableInteger(name: string, min: number, max: number): number | null {
    return this.isNone(name) ? null : this.integer(name, min, max);
  }

  /** A number with or without a fraction. */
  nullableNumber(name: string): number | null {
    if (this.isNone(name)) return null;
    const value = this.#object[name];
    if (value instanceof JsonDecimal) return value.value;
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : this.#wrong(name, 'a number', 0);
  }

  /** Nanoseconds since the epoch. */
  timestamp(name: string): bigint {
    const value = this.#object[name];
    const ns = typeof value === 'string' ? parseTimestamp(value) : undefined;
    return ns ?? this.#wrong(name, 'a time such as 2026-11-24T03:00:00Z', 0n);
  }

  nullableTimestamp(name: string): bigint | null {
    return this.isNone(name) ? null : this.timestamp(name);
  }

  strings(name: string): readonly string[] {
    const value = this.#object[name];
    const all = Array.isArray(value) && value.every((each) => typeof each === 'string');
    return all ? value : this.#wrong(name, 'a list of strings', []);
  }

  nullableStrings(name: string): readonly string[] | null {
    return this.isNone(name) ? null : this.strings(name);
  }

  /** Reads the object in a field with `read`; what is wrong inside counts as wrong here. */
  object<T>(name: string, read: (fields: FieldReader) => T): T {
    return this.#inside(this.#object[name], name, read);
  }

  objects<T>(name: string, read: (fields: FieldReader) => T): readonly T[] {
    const value = this.#object[name];
    if (!Array.isArray(value)) return this.#wrong(name, 'a list of objects', []);
    return value.map((each: JsonValue, index) => this.#inside(each, `${name}[${index}]`, read));
  }

  /** Reads what is not worth the whole: null where it is not as expected, and `problem` says what was wrong. */
  aside<T>(read: (fields: FieldReader) => T): { readonly value: T | null; readonly problem: string | null } {
    const fields = new FieldReader(this.#object, this.#path);
    const value = read(fields);
    return { value: fields.problem === null ? value : null, problem: fields.problem };
  }

  /** Notes that a field is not as `expected`; returns the stand-in. */
  #wrong<T>(name: string, expected: string, standIn: T): T {
    this.#problem ??= `${this.#path}${name}: expected ${expected}, found ${describe(this.#object[name])}`;
    return standIn;
  }

  #inside<T>(value: JsonValue | undefined, name: string, read: (fields: FieldReader) => T): T {
    if (!isJsonObject(value)) this.#wrong(name, 'an object', null);
    const fields = new FieldReader(isJsonObject(value) ? value : {}, `${this.#path}${name}.`);
    const inside = read(fields);
    this.#problem ??= fields.problem;
    return inside;
  }

  /** Absent or null. */
  isNone(name: string): boolean {
    const value = this.#object[name];
    return value === undefined || value === null;
  }
}

/** Parses `body` and reads the object in it. The way in for every message but a command. */
export function decodeObject<K extends string, T>(
  body: Uint8Array,
  key: K,
  read: (fields: FieldReader) => T,
): Decoded<K, T> {
  const parsed = parseJson(body);
  if (!parsed.ok) return parsed;
  if (!isJsonObject(parsed.value)) return { ok: false, error: `expected an object, found ${describe(parsed.value)}` };
  const fields = new FieldReader(parsed.value);
  const value = read(fields);
  if (fields.problem !== null) return { ok: false, error: fields.problem };
  return { ok: true, [key]: value } as Decoded<K, T>;
}
