/** Whose rights a script gets on Windows (protocol §4.5). Only LocalSystem may ask for these tokens. */
import { type Handle, lastError, native } from './native.ts';

const MAXIMUM_ALLOWED = 0x0200_0000;
/** TOKEN_ASSIGN_PRIMARY | TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ADJUST_DEFAULT | TOKEN_ADJUST_SESSIONID */
const OWN_TOKEN_ACCESS = 0x0001 | 0x0002 | 0x0008 | 0x0080 | 0x0100;
const SECURITY_IMPERSONATION = 2;
const TOKEN_PRIMARY = 1;
const TOKEN_SESSION_ID = 12;
const MAX_PROFILE_UNITS = 1_024;

/** The token of the user of a session; the caller closes it. Throws if nobody is signed in there, or we are not LocalSystem. */
export function userToken(sessionId: number): Handle {
  const token: [Handle] = [0];
  if (native().WTSQueryUserToken(sessionId, token) === 0) throw lastError('WTSQueryUserToken');
  return token[0];
}

/** Our own rights, on the desktop of another session (`system_gui`); the caller closes it. */
export function ownTokenIn(sessionId: number | null): Handle {
  const own: [Handle] = [0];
  if (native().OpenProcessToken(native().GetCurrentProcess(), OWN_TOKEN_ACCESS, own) === 0)
    throw lastError('OpenProcessToken');
  const copy: [Handle] = [0];
  const copied = native().DuplicateTokenEx(own[0], MAXIMUM_ALLOWED, null, SECURITY_IMPERSONATION, TOKEN_PRIMARY, copy);
  const failure = copied === 0 ? lastError('DuplicateTokenEx') : null;
  native().CloseHandle(own[0]);
  if (failure !== null) throw failure;
  if (sessionId !== null) moveToSession(copy[0], sessionId);
  return copy[0];
}

/** Where Windows has the profile of the account of `token`: the person's own variables are not asked. Throws if it has none. */
export function profileOf(token: Handle): string {
  const units: [number] = [MAX_PROFILE_UNITS];
  const path = Buffer.alloc(MAX_PROFILE_UNITS * 2);
  if (native().GetUserProfileDirectoryW(token, path, units) === 0) throw lastError('GetUserProfileDirectory');
  return path.toString('utf16le').split('\0', 1)[0] ?? '';
}

function moveToSession(token: Handle, sessionId: number): void {
  const id = Buffer.alloc(4);
  id.writeUInt32LE(sessionId);
  if (native().SetTokenInformation(token, TOKEN_SESSION_ID, id, id.length) !== 0) return;
  const failure = lastError('SetTokenInformation');
  native().CloseHandle(token);
  throw failure;
}
