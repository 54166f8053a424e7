/**
 * Whether the bytes of a message were signed by a key of the ring, before anything of them is read (protocol §11.4). The kid is not
 * covered by the signature, and need not be: another one can only choose a key under which it does not hold. The time is.
 */
import { strictBase64 } from '../../base/strict-base64.ts';
import { isSigned, SIGNATURE_BYTES } from './ed25519.ts';
import { type CommandKey, type KeyRing, MAX_KID_CHARS } from './key-ring.ts';

/** As the message carries them; null: it has no such header. Names count by their exact case. */
export interface SignatureHeaders {
  readonly signature: string | null;
  readonly kid: string | null;
  readonly alg: string | null;
  readonly at: string | null;
}

const HEADERS = {
  signature: 'Kanade-Sig',
  kid: 'Kanade-Sig-Kid',
  alg: 'Kanade-Sig-Alg',
  at: 'Kanade-Sig-At',
} as const satisfies Record<keyof SignatureHeaders, string>;

export function signatureHeaders(header: (name: string) => string | null): SignatureHeaders {
  return {
    signature: header(HEADERS.signature),
    kid: header(HEADERS.kid),
    alg: header(HEADERS.alg),
    at: header(HEADERS.at),
  };
}

export const NO_HEADERS: SignatureHeaders = signatureHeaders(() => null);

/** `absent` says nothing of a signature at all; whoever says half of it is `invalid`. `why` is for the log. */
export type Signature =
  | { readonly kind: 'genuine'; readonly key: CommandKey; readonly atMs: bigint }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown_key'; readonly kid: string }
  | { readonly kind: 'invalid'; readonly why: string };

const ALG = 'ed25519';
const I64_MAX = 2n ** 63n - 1n;

export function readSignature(ring: KeyRing, body: Uint8Array, headers: SignatureHeaders): Signature {
  const { signature, kid, alg, at } = headers;
  if (signature === null && kid === null && alg === null && at === null) return { kind: 'absent' };
  if (kid === null) return invalid('there is no key id');
  if (signature === null) return invalid('there is a key id and no signature');
  if (at === null) return invalid('there is no signing time');
  const atMs = wholeNumber(at);
  if (atMs === null) return invalid('the signing time is not a number');
  if (alg !== null && alg !== ALG) return invalid('the algorithm is not known');
  const key = ring.get(kid);
  if (key === undefined) return { kind: 'unknown_key', kid: kid.slice(0, MAX_KID_CHARS) };
  const raw = strictBase64(signature);
  if (raw === null) return invalid('the signature is not base64 in its strict form');
  if (raw.length !== SIGNATURE_BYTES) return invalid(`the signature has ${raw.length} bytes`);
  if (!isSigned(key.key, atMs, body, raw)) return invalid('the signature does not match these bytes');
  return { kind: 'genuine', key, atMs };
}

function invalid(why: string): Signature {
  return { kind: 'invalid', why };
}

/** A signed 64-bit number in decimal, with or without a sign. */
function wholeNumber(text: string): bigint | null {
  if (!/^[+-]?\d{1,64}$/.test(text)) return null;
  const value = text.startsWith('+') ? BigInt(text.slice(1)) : BigInt(text);
  return value <= I64_MAX && value >= -I64_MAX - 1n ? value : null;
}
