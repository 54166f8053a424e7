/**
 * A connection to the broker over a web port. The platform's WebSocket waits for the other side's goodbye for ever, keeps to itself why
 * a port does not take us, and knows no client certificate. Invariant: what is closed is closed soon.
 */
import type { Socket } from 'node:net';
import { type ConnectionOptions, wsconnect } from '@nats-io/transport-node';
import { type ClientOptions, WebSocket } from 'ws';
import type { Dialled } from './dialled.ts';

/** How long the other side has to say goodbye, and to read what was sent before. */
const GOODBYE_MS = 1_000;

/** As the library's own `wsconnect`; rejects with what the network or TLS said, where that is why. */
export async function connectWeb(options: ConnectionOptions, tls: ConnectionOptions['tls']): Promise<Dialled> {
  let last: EndingWebSocket | null = null;
  const wsFactory = async (url: string) => {
    last = new EndingWebSocket(url, { ...(tls as ClientOptions), perMessageDeflate: false });
    return { socket: last, encrypted: url.startsWith('wss:') };
  };
  try {
    // The type knows of no such option, which belongs to this transport alone.
    const nc = await wsconnect({ ...options, wsFactory } as ConnectionOptions);
    const socket = last as EndingWebSocket | null;
    // The library counts a frame when all of it is there, and nats-server puts all that waits into one.
    return { nc, inBytes: () => socket?.inBytes ?? 0, giveUp: () => socket?.endSoon() };
  } catch (error) {
    throw (last as EndingWebSocket | null)?.failure ?? error;
  }
}

class EndingWebSocket extends WebSocket {
  /** Why it could not be connected, or no longer is. */
  failure: Error | null = null;
  #closed = false;
  #tcp: Socket | null = null;

  constructor(url: string, options: ClientOptions) {
    super(url, options);
    // The library lets go of its own listener, and an error that nobody hears would end the process.
    this.on('error', (error) => {
      if (!this.#closed) this.failure ??= error;
    });
    this.once('upgrade', ({ socket }) => {
      this.#tcp = socket;
    });
  }

  /** So many bytes have come, also of a frame that is not there yet. */
  get inBytes(): number {
    return this.#tcp?.bytesRead ?? 0;
  }

  /** Also where the library still waits for what is unsent: on a link that takes nothing any more it would wait for long. */
  endSoon(): void {
    if (this.readyState === WebSocket.CLOSED) return;
    const late = setTimeout(() => this.terminate(), GOODBYE_MS);
    this.once('close', () => clearTimeout(late));
  }

  override close(code?: number, reason?: string): void {
    this.#closed = true;
    super.close(code, reason);
    this.endSoon();
  }
}
