/** Between an agent and its broker: lets nothing through until it is opened. */
import { once } from 'node:events';
import { connect as connectTo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Gate {
  /** What the agent takes for its broker. */
  readonly url: string;
  /** Resolves when somebody stands before it. */
  readonly arrived: Promise<void>;
  open(): void;
}

export async function gate(brokerPort: number): Promise<Gate> {
  const waiting = new Set<Socket>();
  const all = new Set<Socket>();
  const arrived = Promise.withResolvers<void>();
  let isOpen = false;
  const letThrough = (socket: Socket) => {
    const broker = connectTo(brokerPort, '127.0.0.1');
    all.add(broker);
    for (const each of [socket, broker]) each.on('error', () => {});
    socket.pipe(broker).pipe(socket);
  };
  const server = createServer((socket) => {
    all.add(socket);
    socket.on('error', () => {});
    arrived.resolve();
    if (isOpen) letThrough(socket);
    else waiting.add(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of all) socket.destroy();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gate has no port');
  return {
    url: `nats://127.0.0.1:${address.port}`,
    arrived: arrived.promise,
    open: () => {
      isOpen = true;
      for (const socket of waiting) letThrough(socket);
    },
  };
}
