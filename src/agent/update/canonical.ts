/**
 * Canonical JSON, the one form of what is signed: keys sorted, no white space, whole numbers only (RFC 8785 for what we
 * write). Invariant: a text that is taken is byte for byte what its value would be written as, so a duplicate key, a second
 * spelling of a number or anything behind the end is refused, and two readers can't understand it differently.
 */
export type Canonical = string | number | boolean | null | readonly Canonical[] | { readonly [key: string]: Canonical };

/** Deeper than anything that we sign. */
const MAX_DEPTH = 8;

/** @throws where a number is no whole one, or it is nested too deep */
export function canonicalJson(value: Canonical, depth = 0): string {
  if (depth > MAX_DEPTH) throw new Error('nested too deep');
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Error('not a whole number');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map((each) => canonicalJson(each, depth + 1)).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each, depth + 1)}`).join(',')}}`;
}

/** undefined: it is not canonical JSON in UTF-8. */
export function parseCanonical(body: Uint8Array): Canonical | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    const value = JSON.parse(text) as Canonical;
    return canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

function isList(value: object): value is readonly Canonical[] {
  return Array.isArray(value);
}
