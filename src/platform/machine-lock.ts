/**
 * A lock of the whole machine, across its users: listening on a name that only one process can have, and that the operating
 * system frees when the process ends, however it ends. So there is nothing stale to be tidied up after a crash (architecture §4).
 *
 * It keeps agents of one PC from working at the same time. It is no defence: any local account could take the name first,
 * and would be shown as an agent elsewhere.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { errorText } from '../base/logger.ts';
import { errorCode } from '../shared/error-code.ts';

export interface MachineLock {
  /** Frees it for the next one. */
  release(): Promise<void>;
}

export type Taking =
  | { readonly kind: 'held'; readonly lock: MachineLock }
  | { readonly kind: 'taken' }
  /** There is no such lock here (neither Linux nor Windows), or the system refuses it. */
  | { readonly kind: 'impossible'; readonly why: string };

/** Takes the lock that belongs to `key`; does not wait for it. It does not keep the process alive. */
export async function takeMachineLock(key: string): Promise<Taking> {
  const name = lockName(key, process.platform);
  if (name === null)
    return { kind: 'impossible', why: `there is no name on ${process.platform} that ends with its process` };
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(name);
    await once(server, 'listening');
  } catch (error) {
    return errorCode(error) === 'EADDRINUSE' ? { kind: 'taken' } : { kind: 'impossible', why: errorText(error) };
  }
  // Whatever becomes of single connections, the name stays ours.
  server.on('error', () => {});
  server.unref();
  return { kind: 'held', lock: { release: () => new Promise((resolve) => server.close(() => resolve())) } };
}

/** A pipe of Windows and an abstract socket of Linux live as long as their process; a socket in the file system does not. */
function lockName(key: string, platform: NodeJS.Platform): string | null {
  const name = `kanade-tray-lock-${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
  if (platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return platform === 'linux' ? `\0${name}` : null;
}
