/** Which account's token was proven (security S3). All tokens are compared, so nothing is learned by timing. */
import { isProof } from '../../shared/link-crypto.ts';

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
