/** A link between agent and broker that carries so many bytes a second and no more, as an office behind a bad line has it. */
import type { Socket } from 'node:net';
import { brokerLink } from './listeners.ts';

const TICK_MS = 10;

export interface SlowLink {
  readonly url: string;
  /** Bytes that went the slow way so far. */
  readonly sentBytes: number;
  /** From now on nothing passes any more, in either direction, and nobody is told. */
  cut(): void;
}

/** One way is slow, the one to the broker unless `direction` says otherwise. Closed with the test. */
export async function slowLink(
  server: { readonly port: number },
  bytesPerSecond: number,
  direction: 'up' | 'down' = 'up',
): Promise<SlowLink> {
  let sentBytes = 0;
  let isCut = false;
  const slow = (from: Socket, to: Socket) => {
    let waiting = Buffer.alloc(0);
    const timer = setInterval(() => {
      const part = waiting.subarray(0, (bytesPerSecond * TICK_MS) / 1_000);
      waiting = waiting.subarray(part.length);
      // A small buffer here, so that the sender's own is what fills up.
      if (waiting.length < 4_096) from.resume();
      if (isCut || part.length === 0) return;
      sentBytes += part.length;
      to.write(part);
    }, TICK_MS);
    from.on('data', (data) => {
      waiting = Buffer.concat([waiting, data]);
      if (waiting.length >= 4_096) from.pause();
    });
    from.on('close', () => clearInterval(timer));
  };
  const fast = (from: Socket, to: Socket) => void from.on('data', (data) => void (isCut || to.write(data)));
  const { url } = await brokerLink(server, (client, broker) => {
    (direction === 'up' ? slow : fast)(client, broker);
    (direction === 'up' ? fast : slow)(broker, client);
  });
  return {
    url,
    get sentBytes() {
      return sentBytes;
    },
    cut() {
      isCut = true;
    },
  };
}
