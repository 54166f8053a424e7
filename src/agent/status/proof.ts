/**
 * The agent's side of the handshake's proofs (security S3): which account's token was proven, and our own proof back.
 * A token is looked for among all accounts with every comparison in constant time, so nothing is learned by timing.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const SECRET_BYTES = 32;

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

/** The account whose token `proof` was made with, if there is one. */
export function provenAccount(
  tokens: ReadonlyMap<string, Uint8Array>,
  text: string,
  proof: string,
): { readonly account: string; readonly token: Uint8Array } | null {
  let found: { account: string; token: Uint8Array } | null = null;
  for (const [account, token] of tokens) if (isProof(token, text, proof)) found = { account, token };
  return found;
}
