/** A link between agent and broker that carries so many bytes a second and no more, as an office behind a bad line has it. */
import { brokerLink } from './listeners.ts';

const TICK_MS = 10;

export interface SlowLink {
  readonly url: string;
  /** Bytes that went to the broker so far. */
  readonly sentBytes: number;
  /** From now on nothing passes any more, in either direction, and nobody is told. */
  cut(): void;
}

/** Only the way to the broker is slow. Closed with the test. */
export async function slowLink(server: { readonly port: number }, bytesPerSecond: number): Promise<SlowLink> {
  let sentBytes = 0;
  let isCut = false;
  const { url } = await brokerLink(server, (client, broker) => {
    let waiting = Buffer.alloc(0);
    const timer = setInterval(() => {
      const part = waiting.subarray(0, (bytesPerSecond * TICK_MS) / 1_000);
      waiting = waiting.subarray(part.length);
      // A small buffer here, so that the sender's own is what fills up.
      if (waiting.length < 4_096) client.resume();
      if (isCut || part.length === 0) return;
      sentBytes += part.length;
      broker.write(part);
    }, TICK_MS);
    client.on('data', (data) => {
      waiting = Buffer.concat([waiting, data]);
      if (waiting.length >= 4_096) client.pause();
    });
    broker.on('data', (data) => void (isCut || client.write(data)));
    client.on('close', () => clearInterval(timer));
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
