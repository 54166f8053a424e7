/** A file that nobody but its owner can read or change, from its first moment on. */
import { atEnd } from '../../base/at-end.ts';
import { withAttributes } from './access.ts';
import { type Handle, lastError, native } from './native.ts';
import { setupNative } from './setup-native.ts';
import { ownSid } from './sids.ts';
import { GENERIC_WRITE, INVALID_HANDLE } from './win32-constants.ts';

const CREATE_NEW = 1;

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
  using _ = atEnd(() => native().CloseHandle(file));
  if (native().WriteFile(file, bytes, bytes.length, [0], null) === 0) throw lastError(`writing ${path}`);
}
