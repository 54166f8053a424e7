/** Opens what lies at a path itself, never what it leads to, and tells which of the two it was. */
import { win32 } from 'node:path';
import { type Handle, lastError, WindowsError } from './native.ts';
import { errorNumberOf, isLink, STAT, wholePath, withLocked } from './nt-files.ts';
import { setupNative } from './setup-native.ts';
import { READ_CONTROL } from './win32-constants.ts';

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
  const inside = (handle: Handle) => work({ handle, ...whatItIs(handle, path) });
  try {
    return withLocked(0, wholePath(win32.resolve(path)), access | READ_CONTROL | STAT, inside);
  } catch (error) {
    const number = errorNumberOf(error);
    throw number === null ? error : new WindowsError(`opening ${path}`, number);
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
