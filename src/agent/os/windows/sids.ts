/** The SID of whom a token belongs to: the name of an account that no renaming changes. */
import { decodeText, type Handle, lastError, native } from './native.ts';

const TOKEN_QUERY = 0x0008;
const [TOKEN_USER, TOKEN_OWNER] = [1, 4];
/** TOKEN_USER or TOKEN_OWNER, and the SID behind it, which has at most 68 bytes. */
const TOKEN_USER_BYTES = 256;

/** `S-1-…`. Throws if Windows refuses. */
export function sidOf(token: Handle): string {
  return sidIn(token, TOKEN_USER);
}

/** Whom what is made with this token belongs to; the Administrators, where somebody uses the rights of one. */
export function ownerOfMade(token: Handle): string {
  return sidIn(token, TOKEN_OWNER);
}

function sidIn(token: Handle, kind: number): string {
  const user = Buffer.alloc(TOKEN_USER_BYTES);
  if (native().GetTokenInformation(token, kind, user, user.length, [0]) === 0) throw lastError('GetTokenInformation');
  // The buffer begins with the address of the SID, which lies in the buffer too.
  return sidText(user.readBigUInt64LE(0));
}

/** The text form of the SID at this address. Throws if it is none. */
export function sidText(address: bigint): string {
  const text: [bigint] = [0n];
  if (native().ConvertSidToStringSidW(address, text) === 0) throw lastError('ConvertSidToStringSid');
  const sid = decodeText(text[0], native().lstrlenW(text[0]));
  native().LocalFree(text[0]);
  return sid;
}

/** The SID of the account that this process runs as. Throws if Windows refuses. */
export function ownSid(): string {
  const token: [Handle] = [0];
  if (native().OpenProcessToken(native().GetCurrentProcess(), TOKEN_QUERY, token) === 0)
    throw lastError('OpenProcessToken');
  try {
    return sidOf(token[0]);
  } finally {
    native().CloseHandle(token[0]);
  }
}
