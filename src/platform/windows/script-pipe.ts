/**
 * A pipe between us and a process that we start ourselves with `CreateProcessAsUser`: our end is an ordinary Node socket, the
 * other an inheritable handle. The name is random, and our own end proves itself by a nonce before the script gets it: whoever
 * else connects to the name is turned away, so nobody can feed a script or read along.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { type Handle, lastError, native } from './native.ts';
import { GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE, OPEN_EXISTING } from './win32-constants.ts';

const HANDLE_FLAG_INHERIT = 1;
const NONCE_BYTES = 16;

export interface ScriptPipe {
  /** The script's end; the caller closes it once the process exists, or the stream never ends. */
  readonly handle: Handle;
  /** Our end. */
  readonly socket: Promise<Socket>;
  close(): void;
}

/**
 * Throws if Windows refuses. Synchronous: Node creates the pipe within `listen`.
 * @param isInherited whether a process that we start now gets the other end
 */
export function openScriptPipe(isInherited = true): ScriptPipe {
  const name = `\\\\.\\pipe\\kanade-tray-run-${randomBytes(16).toString('hex')}`;
  const nonce = randomBytes(NONCE_BYTES);
  const server = createServer({ pauseOnConnect: true });
  const socket = provenSocket(server, nonce);
  server.listen(name);
  try {
    return { handle: connect(name, nonce, isInherited), socket, close: () => void server.close() };
  } catch (error) {
    server.close();
    throw error;
  }
}

function connect(name: string, nonce: Buffer, isInherited: boolean): Handle {
  const handle = native().CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, null, OPEN_EXISTING, 0, 0);
  if (handle === INVALID_HANDLE) throw lastError('opening a pipe');
  const written: [number] = [0];
  const ready =
    native().WriteFile(handle, nonce, nonce.length, written, null) !== 0 &&
    written[0] === nonce.length &&
    (!isInherited || native().SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) !== 0);
  if (ready) return handle;
  const failure = lastError('preparing a pipe');
  native().CloseHandle(handle);
  throw failure;
}

/** The first connection that begins with the nonce; what follows it stays unread. */
function provenSocket(server: Server, nonce: Buffer): Promise<Socket> {
  return new Promise((resolve) => {
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      const read = () => {
        const first: unknown = socket.read(nonce.length);
        if (first === null) return;
        socket.removeListener('readable', read);
        if (!(first instanceof Buffer) || !first.equals(nonce)) return void socket.destroy();
        server.close();
        resolve(socket);
      };
      socket.on('readable', read);
    });
    server.on('error', () => {});
  });
}
