/**
 * A connection to the broker over a web port. The platform's WebSocket waits for the other side's goodbye for ever, keeps to itself why
 * a port does not take us, and knows no client certificate. Invariant: what is closed is closed soon.
 */
import { type ConnectionOptions, type NatsConnection, wsconnect } from '@nats-io/transport-node';
import { type ClientOptions, WebSocket } from 'ws';

/** How long the other side has to say goodbye, and to read what was sent before. */
const GOODBYE_MS = 1_000;

/** As the library's own `wsconnect`; rejects with what the network or TLS said, where that is why. */
export async function connectWeb(options: ConnectionOptions, tls: ConnectionOptions['tls']): Promise<NatsConnection> {
  let last: EndingWebSocket | null = null;
  const wsFactory = async (url: string) => {
    last = new EndingWebSocket(url, { ...(tls as ClientOptions), perMessageDeflate: false });
    return { socket: last, encrypted: url.startsWith('wss:') };
  };
  try {
    // The type knows of no such option, which belongs to this transport alone.
    return await wsconnect({ ...options, wsFactory } as ConnectionOptions);
  } catch (error) {
    throw (last as EndingWebSocket | null)?.failure ?? error;
  }
}

class EndingWebSocket extends WebSocket {
  /** Why it could not be connected, or no longer is. */
  failure: Error | null = null;
  #closed = false;

  constructor(url: string, options: ClientOptions) {
    super(url, options);
    // The library lets go of its own listener, and an error that nobody hears would end the process.
    this.on('error', (error) => {
      if (!this.#closed) this.failure ??= error;
    });
  }

  override close(code?: number, reason?: string): void {
    this.#closed = true;
    super.close(code, reason);
    if (this.readyState === WebSocket.CLOSED) return;
    const late = setTimeout(() => this.terminate(), GOODBYE_MS);
    this.once('close', () => clearTimeout(late));
  }
}
