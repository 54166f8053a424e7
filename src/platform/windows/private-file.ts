/** A file that nobody but its owner can read or change, from its first moment on. */
import { withAttributes } from './access.ts';
import { type Handle, lastError, native } from './native.ts';
import { setupNative } from './setup-native.ts';
import { ownSid } from './sids.ts';

const GENERIC_WRITE = 0x4000_0000;
const CREATE_NEW = 1;
const INVALID_HANDLE = -1;

/** FILE_FLAG_OPEN_REPARSE_POINT */
const NO_LINK = 0x0020_0000;

/** `sddl`: whose it is instead. @throws {WindowsError} also where there is one already */
export function writePrivateFile(path: string, content: string | Uint8Array, sddl = `D:P(A;;FA;;;${ownSid()})`): void {
  const bytes = Buffer.from(content);
  let file: Handle = INVALID_HANDLE;
  withAttributes(sddl, (attributes) => {
    file = setupNative().CreateFileW(path, GENERIC_WRITE, 0, attributes, CREATE_NEW, NO_LINK, 0);
    if (file === INVALID_HANDLE) throw lastError(`making ${path}`);
  });
  try {
    if (native().WriteFile(file, bytes, bytes.length, [0], null) === 0) throw lastError(`writing ${path}`);
  } finally {
    native().CloseHandle(file);
  }
}
