/** What else may listen where the agent looks for its broker. */
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
