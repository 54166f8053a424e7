/**
 * The cryptography of the local socket: proofs for the handshake, and the seal for everything after it. Whoever relays a handshake
 * between a client and the agent does not know the token, so he can neither read nor change, leave out, repeat or put in a message.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { type ProofFacts, proofText } from './proof-text.ts';

export const SECRET_BYTES = 32;
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;

/** A fresh nonce, lower-case hex. */
export function newNonce(): string {
  return randomBytes(SECRET_BYTES).toString('hex');
}

/** HMAC-SHA-256 of `text`, lower-case hex. */
export function prove(secret: Uint8Array, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** True where `proof` (hex, its form already checked) is the HMAC of `text`. */
export function isProof(secret: Uint8Array, text: string, proof: string): boolean {
  const expected = createHmac('sha256', secret).update(text).digest();
  const given = Buffer.from(proof, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

export interface Seal {
  /** The next message of this side. */
  seal(text: string): string;
  /** The next message of the other side; null: it is not. */
  open(sealed: string): string | null;
}

/** AES-256-GCM, a key for each direction, and the number of the message as its nonce. */
export function linkSeal(side: 'client' | 'agent', token: Uint8Array, facts: ProofFacts): Seal {
  const salt = Buffer.from(facts.agentNonce + facts.clientNonce, 'hex');
  const keyOf = (sender: 'client' | 'agent') => {
    const info = `${sender} ${proofText('keys', facts)}`;
    return Buffer.from(hkdfSync('sha256', token, salt, info, KEY_BYTES));
  };
  const [ours, theirs] = [keyOf(side), keyOf(side === 'client' ? 'agent' : 'client')];
  let sent = 0;
  let opened = 0;
  return {
    seal(text) {
      const cipher = createCipheriv(CIPHER, ours, nonceOf(sent));
      sent += 1;
      return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < TAG_BYTES) return null;
      const decipher = createDecipheriv(CIPHER, theirs, nonceOf(opened));
      opened += 1;
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const text = decipher.update(bytes.subarray(0, -TAG_BYTES));
        return new TextDecoder().decode(Buffer.concat([text, decipher.final()]));
      } catch {
        return null;
      }
    },
  };
}

function nonceOf(number: number): Uint8Array {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64BE(BigInt(number), NONCE_BYTES - 8);
  return nonce;
}
