/** Opens what lies at a path itself, never what it leads to, and tells which of the two it was. */
import { type Handle, lastError, native } from './native.ts';
import { isLink } from './nt-files.ts';
import { setupNative } from './setup-native.ts';

export const READ_CONTROL = 0x2_0000;
export const WRITE_DAC = 0x4_0000;
export const WRITE_OWNER = 0x8_0000;
const FILE_READ_ATTRIBUTES = 0x80;
const SHARE_ALL = 7;
const OPEN_EXISTING = 3;
const BACKUP_SEMANTICS = 0x0200_0000;
const OPEN_REPARSE_POINT = 0x0020_0000;
const INVALID_HANDLE = -1;
const DIRECTORY = 0x10;

export interface Opened {
  readonly handle: Handle;
  readonly isDirectory: boolean;
  /** A junction, a symbolic link, or anything else that leads elsewhere. */
  readonly isLink: boolean;
  /** How many names it has. */
  readonly links: number;
}

/** Calls `work` with what is there; it is closed afterwards. @throws {WindowsError} where it can't be opened */
export function withOpened<T>(path: string, access: number, work: (opened: Opened) => T): T {
  const flags = BACKUP_SEMANTICS | OPEN_REPARSE_POINT;
  const wanted = (access | READ_CONTROL | FILE_READ_ATTRIBUTES) >>> 0;
  const handle = native().CreateFileW(long(path), wanted, SHARE_ALL, null, OPEN_EXISTING, flags, 0);
  if (handle === INVALID_HANDLE) throw lastError(`opening ${path}`);
  try {
    return work({ handle, ...whatItIs(handle, path) });
  } finally {
    native().CloseHandle(handle);
  }
}

/** @throws {WindowsError} */
export function whatItIs(handle: Handle, path: string): Omit<Opened, 'handle'> {
  // BY_HANDLE_FILE_INFORMATION: attributes first; the number of links after three times, a volume and a size.
  const info = Buffer.alloc(52);
  if (setupNative().GetFileInformationByHandle(handle, info) === 0) throw lastError(`looking at ${path}`);
  const attributes = info.readUInt32LE(0);
  return {
    isDirectory: (attributes & DIRECTORY) !== 0,
    isLink: isLink(handle),
    links: info.readUInt32LE(40),
  };
}

/** Also beyond 260 characters. */
function long(path: string): string {
  return /^[A-Za-z]:\\/.test(path) && path.length > 240 ? `\\\\?\\${path}` : path;
}
