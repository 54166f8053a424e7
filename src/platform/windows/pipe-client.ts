/**
 * Connects to a named pipe as a client whom the other side can name, but not act for. Node itself connects with full
 * impersonation: whoever holds the name of a pipe, and may impersonate, would have the rights of an administrator who comes to it.
 */
import { Socket } from 'node:net';
import { koffi } from '../koffi.ts';
import { lastError, native } from './native.ts';
import { PIPE_CLIENT } from './pipe-access.ts';
import { INVALID_HANDLE, OPEN_EXISTING, SECURITY_SQOS_PRESENT_IDENTIFICATION } from './win32-constants.ts';

const FILE_FLAG_OVERLAPPED = 0x4000_0000;

/** Throws where Windows refuses, also where every instance of the pipe is taken at the moment. */
export function connectIdentified(name: string): Socket {
  const flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT_IDENTIFICATION;
  const pipe = native().CreateFileW(name, PIPE_CLIENT, 0, null, OPEN_EXISTING, flags, 0);
  if (pipe === INVALID_HANDLE) throw lastError(`opening ${name}`);
  const fd = openHandle()(pipe);
  if (fd >= 0) return new Socket({ fd, readable: true, writable: true });
  native().CloseHandle(pipe);
  throw new Error(`${name}: no file descriptor for it`);
}

let opener: ((handle: number) => number) | null = null;

/** libuv's own: a descriptor belongs to the C library of the program that made it. The descriptor closes the handle. */
function openHandle(): (handle: number) => number {
  if (opener !== null) return opener;
  opener = koffi().load(process.execPath).func('int uv_open_osfhandle(intptr_t handle)') as (handle: number) => number;
  return opener;
}
