/** Rights of an administrator or of SYSTEM that are off until they are asked for, and off again afterwards. */
import { atEnd } from '../../base/at-end.ts';
import { lastError, native } from './native.ts';
import { setupNative } from './setup-native.ts';

/** To read what somebody has shut us out of; to open the processes of other people. */
export const [BACKUP, DEBUG] = [17, 20];
const [TOKEN_QUERY, TOKEN_ADJUST_PRIVILEGES] = [0x8, 0x20];
const ENABLED = 2;
const ENTRY_BYTES = 12;

/** One that this process does not have is left out. @throws {WindowsError} */
export function withPrivileges<T>(privileges: readonly number[], work: () => T): T {
  const token: [number] = [0];
  const access = TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES;
  if (native().OpenProcessToken(native().GetCurrentProcess(), access, token) === 0) throw lastError('OpenProcessToken');
  using _ = atEnd(() => native().CloseHandle(token[0]));
  // TOKEN_PRIVILEGES: how many, and of each its LUID and its attributes.
  const wanted = Buffer.alloc(4 + ENTRY_BYTES * privileges.length);
  wanted.writeUInt32LE(privileges.length);
  for (const [at, privilege] of privileges.entries()) {
    wanted.writeUInt32LE(privilege, 4 + ENTRY_BYTES * at);
    wanted.writeUInt32LE(ENABLED, 4 + ENTRY_BYTES * at + 8);
  }
  const before = Buffer.alloc(wanted.length);
  if (setupNative().AdjustTokenPrivileges(token[0], 0, wanted, before.length, before, [0]) === 0)
    throw lastError('AdjustTokenPrivileges');
  try {
    return work();
  } finally {
    setupNative().AdjustTokenPrivileges(token[0], 0, before, 0, null, [0]);
  }
}
