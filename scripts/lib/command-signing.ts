/** Signs commands as a backend at 0.101 does (protocol §11.4). */
import { type KeyObject, sign } from 'node:crypto';

/** The entry of this key in a ring. */
export function ringEntry(kid: string, key: KeyObject, more: Readonly<Record<string, unknown>> = {}) {
  const { x = '' } = key.export({ format: 'jwk' });
  return { kid, public_key: Buffer.from(x, 'base64url').toString('base64'), ...more };
}

/** The headers of a message that this key signs, by their names on the wire. */
export function signedHeaders(kid: string, key: KeyObject, body: string | Uint8Array, atMs = Date.now()) {
  const at = Buffer.alloc(8);
  at.writeBigInt64BE(BigInt(atMs));
  return {
    'Kanade-Sig': sign(null, Buffer.concat([at, Buffer.from(body)]), key).toString('base64'),
    'Kanade-Sig-Kid': kid,
    'Kanade-Sig-Alg': 'ed25519',
    'Kanade-Sig-At': String(atMs),
  };
}
