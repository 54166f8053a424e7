/** The SID of whom a token belongs to: the name of an account that no renaming changes. */
import { atEnd } from '../../base/at-end.ts';
import { decodeText, type Handle, lastError, native } from './native.ts';
import { TOKEN_QUERY } from './win32-constants.ts';

const [TOKEN_USER, TOKEN_GROUPS, TOKEN_OWNER] = [1, 2, 4];
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

/** More than a token can have: 1,024 groups. */
const TOKEN_GROUPS_BYTES = 128 * 1024;

/** The groups of the account, and what it has signed in as. Throws if Windows refuses. */
export function groupsOf(token: Handle): string[] {
  const groups = Buffer.alloc(TOKEN_GROUPS_BYTES);
  if (native().GetTokenInformation(token, TOKEN_GROUPS, groups, groups.length, [0]) === 0)
    throw lastError('GetTokenInformation');
  // How many, then the address of each SID with its attributes.
  return Array.from({ length: groups.readUInt32LE(0) }, (_, at) => sidText(groups.readBigUInt64LE(8 + 16 * at)));
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
  using _ = atEnd(() => native().CloseHandle(token[0]));
  return sidOf(token[0]);
}
