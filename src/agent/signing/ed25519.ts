/**
 * Ed25519 over the bytes as they came (RFC 8032). Keys and signatures are taken only in their one strict form: what another
 * reader might read differently is refused, and so is a key under which anybody can sign.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** What stands before the 32 bytes of a key in its SPKI form (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

// The curve −x² + y² = 1 + d·x²·y² over the numbers modulo p.
const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
/** The y of the eight points of small order, but for their sign (0, 1 and −1 are three of them). */
const SMALL_ORDER_Y = 55188659117513257062467267217118295137698188065244968500265048394206261417927n;
const SMALL_ORDER: ReadonlySet<bigint> = new Set([0n, 1n, P - 1n, SMALL_ORDER_Y, P - SMALL_ORDER_Y]);

export type PublicKey =
  | { readonly ok: true; readonly key: KeyObject }
  /** `expected` completes "expected …". */
  | { readonly ok: false; readonly expected: string };

/** The key of these raw bytes. */
export function publicKeyOf(raw: Uint8Array): PublicKey {
  if (raw.length !== KEY_BYTES) return { ok: false, expected: `${KEY_BYTES} bytes, found ${raw.length}` };
  const y = yOf(raw);
  if (!isOnCurve(y)) return { ok: false, expected: 'a point of the curve Ed25519' };
  if (SMALL_ORDER.has(y)) return { ok: false, expected: 'a key under which not everybody can sign' };
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
  return { ok: true, key };
}

/** The 255 lower bits, little-endian, as a number modulo p. */
function yOf(raw: Uint8Array): bigint {
  const bigEndian = Buffer.from(raw).reverse();
  bigEndian[0] = (bigEndian[0] ?? 0) & 0x7f;
  return BigInt(`0x${bigEndian.toString('hex')}`) % P;
}

/** Whether there is an x to this y: x² = (y² − 1)/(d·y² + 1) must have a root (Euler's criterion). */
function isOnCurve(y: bigint): boolean {
  const ySquared = (y * y) % P;
  const ratio = ((ySquared + P - 1n) * (D * ySquared + 1n)) % P;
  return ratio === 0n || power(ratio, (P - 1n) / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % P;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

/**
 * Whether the holder of `key` has signed `body` at `atMs` (ms since the epoch): the time as 8 bytes, big-endian, then the message
 * exactly as it came (protocol §11.4).
 */
export function isSigned(key: KeyObject, atMs: bigint, body: Uint8Array, signature: Uint8Array): boolean {
  const signed = Buffer.alloc(8 + body.length);
  signed.writeBigInt64BE(atMs);
  signed.set(body, 8);
  return verify(null, signed, key, signature);
}
