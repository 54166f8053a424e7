/** Reading typed fields out of a parsed JSON object, with the strictness of the other members of the fleet (protocol §3). */
import { JsonFloat, type JsonObject, type JsonValue } from './json.ts';

/** `message` is `<field>: <what was expected>`. */
export class FieldFault extends Error {
  override readonly name = 'FieldFault';
}

const U64_MAX = 2n ** 64n - 1n;

export function fault(field: string, expected: string, found: JsonValue | undefined): FieldFault {
  return new FieldFault(`${field}: expected ${expected}, found ${describe(found)}`);
}

function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof JsonFloat) return `the number ${value.value}`;
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `the text ${JSON.stringify(value.slice(0, 40))}` : String(value);
}

export function text(object: JsonObject, field: string): string {
  const value = object[field];
  if (typeof value !== 'string') throw fault(field, 'a text', value);
  return value;
}

/** Absent and null are the same. */
export function optionalText(object: JsonObject, field: string): string | null {
  const value = object[field];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw fault(field, 'a text or null', value);
  return value;
}

/** A whole number from 0 to 2^64 − 1, written without a fraction. */
export function u64(object: JsonObject, field: string): number | bigint {
  const value = object[field];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  if (typeof value === 'bigint' && value >= 0n && value <= U64_MAX) return value;
  throw fault(field, 'a whole number from 0 to 2^64-1', value);
}

export function optionalU64(object: JsonObject, field: string): number | bigint | null {
  const value = object[field];
  return value === undefined || value === null ? null : u64(object, field);
}

/** One of `choices`; absent gives `otherwise`, null is a fault. */
export function choice<T extends string>(object: JsonObject, field: string, choices: readonly T[], otherwise?: T): T {
  const value = object[field];
  if (value === undefined && otherwise !== undefined) return otherwise;
  const found = choices.find((each) => each === value);
  if (found === undefined) throw fault(field, choices.map((each) => `"${each}"`).join(', '), value);
  return found;
}
