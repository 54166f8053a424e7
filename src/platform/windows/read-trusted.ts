/**
 * One file that decides what is trusted, read and checked by one open handle: whose it is, who may change or read it and what is in
 * it can't be three different files. A link is not followed, and nothing waits for whoever has a lock on it.
 */
import { win32 } from 'node:path';
import { accessOf, distrust, READS, readerOf } from './access-list.ts';
import { type Handle, lastError, native, WindowsError } from './native.ts';
import { whatItIs } from './no-follow.ts';
import { errorNumberOf, isNotThere, openIn, STAT, wholePath } from './nt-files.ts';
import { setupNative } from './setup-native.ts';
import { READ_CONTROL, READ_DATA } from './win32-constants.ts';

export type ReadByHandle =
  | { readonly kind: 'ok'; readonly bytes: Uint8Array; readonly readableByOthers: boolean }
  | { readonly kind: 'missing' }
  /** `why` completes "the file …". */
  | { readonly kind: 'refused'; readonly why: string };

export function readByHandle(path: string, maxBytes: number): ReadByHandle {
  let handle: Handle;
  try {
    handle = openIn(0, wholePath(win32.resolve(path)), READ_DATA | READ_CONTROL | STAT);
  } catch (error) {
    if (isNotThere(error)) return { kind: 'missing' };
    const code = errorNumberOf(error);
    if (code === null) throw error;
    return { kind: 'refused', why: `can't be read (Windows error ${code})` };
  }
  try {
    return readOpened(handle, path, maxBytes);
  } catch (error) {
    if (!(error instanceof WindowsError)) throw error;
    return { kind: 'refused', why: `can't be read (${error.message})` };
  } finally {
    native().CloseHandle(handle);
  }
}

function readOpened(handle: Handle, path: string, maxBytes: number): ReadByHandle {
  const { isLink, isDirectory } = whatItIs(handle, path);
  if (isLink) return { kind: 'refused', why: 'leads elsewhere' };
  if (isDirectory) return { kind: 'refused', why: 'is not a regular file' };
  const access = accessOf(handle);
  const why = distrust(access);
  if (why !== null) return { kind: 'refused', why };
  const bytes = readUpTo(handle, path, maxBytes + 1);
  if (bytes.length > maxBytes) return { kind: 'refused', why: `is larger than ${maxBytes} bytes` };
  return { kind: 'ok', bytes, readableByOthers: readerOf(access, READS) !== null };
}

function readUpTo(handle: Handle, path: string, maxBytes: number): Uint8Array {
  const bytes = Buffer.alloc(maxBytes);
  let filled = 0;
  while (filled < maxBytes) {
    const read: [number] = [0];
    const rest = bytes.subarray(filled);
    if (setupNative().ReadFile(handle, rest, rest.length, read, null) === 0) throw lastError(`reading ${path}`);
    if (read[0] === 0) break;
    filled += read[0];
  }
  return bytes.subarray(0, filled);
}
