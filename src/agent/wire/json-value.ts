/** JSON as `parseJson` returns it: with everything that a strict decoder needs to know of it. */

/** A number written with a fraction or an exponent (or `-0`): never an integer to a decoder. */
export class JsonDecimal {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Integers outside ±(2^53 − 1) are bigints. Objects have no prototype, so `__proto__` is a key like any other. */
export type JsonValue = null | boolean | string | number | bigint | JsonDecimal | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** True for an object, which no other kind of value is to a decoder. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonDecimal);
}

/** A value in a few words, for a sentence. */
export function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return value.length <= 40 ? JSON.stringify(value) : 'a long string';
  if (typeof value === 'bigint') return value.toString().length <= 40 ? value.toString() : 'a long number';
  if (value instanceof JsonDecimal) return `${value.value} (not written as a whole number)`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
