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

/** Between agent and broker: what the broker says is held back until it is let through. */
export async function holdingLink(server: { readonly port: number }) {
  const sockets = new Set<Socket>();
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
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
    client.pipe(broker);
    void opened.then(() => broker.pipe(client));
  });
  await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return { url: `nats://127.0.0.1:${portOf(listener)}`, sockets, open: () => open() };
}
