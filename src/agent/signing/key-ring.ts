/**
 * The keys of those who may send commands to this PC, as the original writes them (protocol §11.4). Invariant: half a ring is none;
 * one entry that can't be used refuses the whole, since nobody can tell which commands it would have let in.
 */
import { hash, type KeyObject } from 'node:crypto';
import { strictBase64 } from '../../base/strict-base64.ts';
import { FieldReader } from '../wire/fields.ts';
import { parseJson } from '../wire/json.ts';
import { describe, isJsonObject, type JsonValue } from '../wire/json-value.ts';
import { publicKeyOf } from './ed25519.ts';

/** One that may sign. */
export interface CommandKey {
  readonly kid: string;
  readonly label: string | null;
  /** How far the time of a signature may be from our clock, ms; null: any time. For keys of an emergency. */
  readonly maxAgeMs: bigint | null;
  /** Each use is to be in the log. */
  readonly auditEveryUse: boolean;
  /** The first 8 bytes of the SHA-256 of the key, hexadecimal: what people compare. */
  readonly fingerprint: string;
  readonly key: KeyObject;
}

/** By `kid`, in the order of their bytes. */
export type KeyRing = ReadonlyMap<string, CommandKey>;
export const EMPTY_RING: KeyRing = new Map();

export type ParsedRing =
  | { readonly ok: true; readonly ring: KeyRing }
  /** `<where>: expected …, found …`; never a key, which may be something else that was put there by mistake. */
  | { readonly ok: false; readonly error: string };

export const MAX_KID_CHARS = 200;
const FINGERPRINT_CHARS = 16;

/** Reads a ring, a JSON array. `[]` is one without keys; an empty text is an error. */
export function parseKeyRing(text: string): ParsedRing {
  const parsed = parseJson(Buffer.from(text));
  if (!parsed.ok) return parsed;
  if (!Array.isArray(parsed.value)) {
    return { ok: false, error: `expected a list of keys, found ${describe(parsed.value)}` };
  }
  const ring = new Map<string, CommandKey>();
  for (const [index, value] of parsed.value.entries()) {
    const entry = readKey(value, `[${index}]`);
    if (!entry.ok) return entry;
    const { kid } = entry.key;
    if (ring.has(kid))
      return { ok: false, error: `[${index}].kid: expected each kid once, found ${describe(kid)} again` };
    ring.set(kid, entry.key);
  }
  return { ok: true, ring: new Map([...ring].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) };
}

type Read = { readonly ok: true; readonly key: CommandKey } | { readonly ok: false; readonly error: string };

function readKey(value: JsonValue, where: string): Read {
  if (!isJsonObject(value)) return { ok: false, error: `${where}: expected an object, found ${describe(value)}` };
  const fields = new FieldReader(value, `${where}.`);
  const kid = fields.string('kid');
  const encoded = fields.string('public_key');
  const label = fields.nullableString('label');
  const maxAgeSecs = fields.nullableU64('max_age_secs');
  const auditEveryUse = fields.has('audit_every_use') ? fields.boolean('audit_every_use') : false;
  if (fields.problem !== null) return { ok: false, error: fields.problem };
  if (!isKid(kid)) {
    return { ok: false, error: `${where}.kid: expected 1 to ${MAX_KID_CHARS} characters without blanks at its ends` };
  }
  if (maxAgeSecs !== null && BigInt(maxAgeSecs) === 0n) {
    return { ok: false, error: `${where}.max_age_secs: expected a whole number from 1, found 0` };
  }
  const raw = strictBase64(encoded);
  if (raw === null) return { ok: false, error: `${where}.public_key: expected base64 in its strict form` };
  const key = publicKeyOf(raw);
  if (!key.ok) return { ok: false, error: `${where}.public_key: expected ${key.expected}` };
  const maxAgeMs = maxAgeSecs === null ? null : BigInt(maxAgeSecs) * 1_000n;
  return {
    ok: true,
    key: {
      kid,
      label,
      maxAgeMs,
      // A key with a bound is one for emergencies, and each use of it is investigated.
      auditEveryUse: auditEveryUse || maxAgeMs !== null,
      fingerprint: hash('sha256', raw).slice(0, FINGERPRINT_CHARS),
      key: key.key,
    },
  };
}

/** Whether a header can name it as it is: headers lose the blanks around their values. */
function isKid(kid: string): boolean {
  return kid.length >= 1 && kid.length <= MAX_KID_CHARS && kid === kid.trim() && !/\p{Cc}/u.test(kid);
}
