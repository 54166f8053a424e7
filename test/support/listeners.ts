/** What else may listen where the agent looks for its broker. */
import { createHash } from 'node:crypto';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A listener that never says a word, as a wrong port or a captive portal does. */
export async function muteListener(): Promise<Server> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  return address.port;
}

/** Between agent and broker: `join` says what passes of each connection. Both of its ends close together, and all with the test. */
export async function brokerLink(
  server: { readonly port: number },
  join: (client: Socket, broker: Socket) => void,
): Promise<{ readonly url: string; readonly sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const broker = dial(server.port, '127.0.0.1');
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    join(client, broker);
  });
  await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return { url: `nats://127.0.0.1:${portOf(listener)}`, sockets };
}

/** What the broker says is held back until it is let through. */
export async function holdingLink(server: { readonly port: number }) {
  const opened = Promise.withResolvers<void>();
  const link = await brokerLink(server, (client, broker) => {
    client.pipe(broker);
    void opened.promise.then(() => broker.pipe(client));
  });
  return { ...link, open: () => opened.resolve() };
}

/** What a broker says to everybody who connects, with `more` in it. */
export function infoLine(more: object = {}): string {
  const info = { server_id: 's', version: '2.11.0', proto: 1, headers: true, max_payload: 1024 * 1024, ...more };
  return `INFO ${JSON.stringify(info)}\r\n`;
}

/** A listener that greets each connection, and says nothing by itself after it. */
export async function stallingListener(greet: (socket: Socket) => void, port = 0) {
  const open = new Set<Socket>();
  let tries = 0;
  const server = createServer((socket) => {
    tries += 1;
    open.add(socket.on('error', () => {}));
    socket.once('close', () => open.delete(socket));
    greet(socket);
    socket.resume();
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  const close = () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  onTestFinished(close);
  return { open: open as ReadonlySet<Socket>, port: portOf(server), tries: () => tries, close };
}

/** Takes a connection for a WebSocket, as a web port of a broker does, and sends `text`, unless it is null. */
export function upgrade(socket: Socket, text: string | null): void {
  socket.once('data', (data) => {
    const key = /sec-websocket-key: (.*)\r\n/i.exec(data.toString('latin1'))?.[1];
    // RFC 6455 §4.2.2.
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    if (text === null) return;
    const body = Buffer.from(text);
    const head = Buffer.from([0x82, 126, 0, 0]);
    head.writeUInt16BE(body.length, 2);
    socket.write(Buffer.concat([head, body]));
  });
}
