/**
 * Whether a Linux desktop shows icons at all: somebody owns `org.kde.StatusNotifierWatcher` on the session bus. Electron does
 * not say, and one question to the bus is all we need of D-Bus.
 */
import { connect } from 'node:net';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const ANSWERS_WITHIN_MS = 2_000;
const FIELD = { path: 1, interface: 2, member: 3, destination: 6, signature: 8 } as const;
const METHOD_RETURN = 2;

/** False also where there is no bus, or it does not answer. Other systems always have a place for icons. */
export function hasTrayHost(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  if (platform !== 'linux') return Promise.resolve(true);
  const path = busPath(env.DBUS_SESSION_BUS_ADDRESS ?? '');
  return path === null ? Promise.resolve(false) : askBus(path);
}

/** The socket of the first address that is one; `abstract=` names have a NUL in front. */
export function busPath(addresses: string): string | null {
  for (const address of addresses.split(';')) {
    const [, kind, name] = /^unix:(?:.*,)?(path|abstract)=([^,]+)/.exec(address) ?? [];
    if (kind !== undefined && name !== undefined)
      return kind === 'abstract' ? `\0${decodeURIComponent(name)}` : decodeURIComponent(name);
  }
  return null;
}

function askBus(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let received = Buffer.alloc(0);
    let signedIn = false;
    const end = (answer: boolean) => {
      clearTimeout(late);
      socket.destroy();
      resolve(answer);
    };
    const late = setTimeout(() => end(false), ANSWERS_WITHIN_MS);
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    socket.on('connect', () => {
      const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
      socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
    });
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (!signedIn) {
        const line = received.indexOf('\r\n');
        if (line === -1) return;
        if (!received.toString('latin1', 0, line).startsWith('OK ')) return end(false);
        received = received.subarray(line + 2);
        signedIn = true;
        socket.write('BEGIN\r\n');
        socket.write(Buffer.concat([busCall(1, 'Hello', null), busCall(2, 'NameHasOwner', WATCHER)]));
      }
      const answer = answerIn(received);
      if (answer !== null) end(answer);
    });
  });
}

/** A method of the bus itself, in little endian; `argument` is its one string. */
function busCall(serial: number, member: string, argument: string | null): Buffer {
  const body = argument === null ? Buffer.alloc(0) : stringBytes(argument);
  const fields = [
    field(FIELD.path, 'o', '/org/freedesktop/DBus'),
    field(FIELD.interface, 's', 'org.freedesktop.DBus'),
    field(FIELD.member, 's', member),
    field(FIELD.destination, 's', 'org.freedesktop.DBus'),
    ...(argument === null ? [] : [signatureField('s')]),
  ];
  const array = fields.reduce((all, each) => Buffer.concat([padded(all, 8), each]), Buffer.alloc(0));
  const header = Buffer.alloc(16);
  header.write('l', 0, 'latin1');
  header.writeUInt8(1, 1);
  header.writeUInt8(1, 3);
  header.writeUInt32LE(body.length, 4);
  header.writeUInt32LE(serial, 8);
  header.writeUInt32LE(array.length, 12);
  return Buffer.concat([padded(Buffer.concat([header, array]), 8), body]);
}

function field(code: number, type: 's' | 'o', value: string): Buffer {
  return Buffer.concat([Buffer.from([code, 1, type.charCodeAt(0), 0]), stringBytes(value)]);
}

function signatureField(signature: string): Buffer {
  return Buffer.concat([
    Buffer.from([FIELD.signature, 1, 'g'.charCodeAt(0), 0, signature.length]),
    Buffer.from(`${signature}\0`, 'latin1'),
  ]);
}

function stringBytes(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(`${text}\0`)]);
}

function padded(bytes: Buffer, to: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);
}

/** The answer to the second call is the only one whose body is a single boolean; null: it has not come yet. */
function answerIn(received: Buffer): boolean | null {
  for (let at = 0; at + 16 <= received.length; ) {
    const bodyBytes = received.readUInt32LE(at + 4);
    const bodyAt = at + Math.ceil((16 + received.readUInt32LE(at + 12)) / 8) * 8;
    if (bodyAt + bodyBytes > received.length) return null;
    if (received[at + 1] === METHOD_RETURN && bodyBytes === 4) return received.readUInt32LE(bodyAt) === 1;
    at = bodyAt + bodyBytes;
  }
  return null;
}
