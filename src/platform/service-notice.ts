/**
 * What this process tells systemd (sd_notify(3)). Invariant: the notice comes from this very process, so that the unit can refuse
 * those of all others (`NotifyAccess=main`): scripts run below it. Node has no sockets for datagrams of files; the C library has.
 */
import { execFile } from 'node:child_process';
import { koffi as loadKoffi } from './koffi.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** The longest path in a `sockaddr_un`, without its NUL. */
const MAX_PATH_BYTES = 107;

export type TellSystemd = (text: string) => void;

/** `socket` is the value of `NOTIFY_SOCKET`. Loads native code (some 10 ms) with the first notice. */
export function systemdNotices(socket: string): TellSystemd {
  let send: ((text: string) => boolean) | null | undefined;
  return (text) => {
    if (send === undefined) send = tryOpen(socket);
    if (send?.(text) !== true) byProgram(socket, text);
  };
}

/** Where there is no native code: as root it speaks in the name of its parent, which is us (systemd-notify(1)). */
function byProgram(socket: string, text: string): void {
  try {
    execFile('systemd-notify', [text], { env: { ...process.env, NOTIFY_SOCKET: socket } }, () => {});
  } catch {
    // No memory for another process: the next time is soon.
  }
}

function tryOpen(socket: string): ((text: string) => boolean) | null {
  try {
    return open(socket);
  } catch {
    return null;
  }
}

function open(socket: string): ((text: string) => boolean) | null {
  const address = addressOf(socket);
  if (address === null || process.platform !== 'linux') return null;
  const koffi = loadKoffi();
  const libc = koffi.load(null);
  const fd = libc.func('int socket(int domain, int type, int protocol)')(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return null;
  const sendto = libc.func(
    'long sendto(int fd, void *data, unsigned long size, int flags, void *address, uint32_t length)',
  );
  return (text) => {
    const data = Buffer.from(text);
    return Number(sendto(fd, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length)) === data.length;
  };
}

/** A `sockaddr_un`: a path, or with `@` a name in the abstract space. null: neither. */
function addressOf(socket: string): Buffer | null {
  const path = Buffer.from(socket);
  if (path.length > MAX_PATH_BYTES || !/^[/@]/.test(socket)) return null;
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  if (!socket.startsWith('@')) return Buffer.concat([family, path, Buffer.alloc(1)]);
  path[0] = 0;
  return Buffer.concat([family, path]);
}
