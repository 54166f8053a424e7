/**
 * A connection to the broker over a web port. The platform's WebSocket waits for the other side's goodbye for ever, and so does the
 * client library: a port that upgrades and then says nothing left no try ended. Invariant: what is closed is closed soon.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { type ConnectionOptions, type NatsConnection, wsconnect } from '@nats-io/transport-node';

/** How long the other side has to say goodbye, and to read what was sent before. */
const GOODBYE_MS = 1_000;
/** Where Node's HTTP client says on which socket a request goes out (a diagnostics channel of undici). */
const REQUEST_SENT = 'undici:client:sendHeaders';

/** As the library's own `wsconnect`. */
export function connectWeb(options: ConnectionOptions): Promise<NatsConnection> {
  const wsFactory = async (url: string) => ({
    socket: new EndingWebSocket(url),
    encrypted: url.startsWith('wss:'),
  });
  // The type knows of no such option, which belongs to this transport alone.
  return wsconnect({ ...options, wsFactory } as ConnectionOptions);
}

/** Sockets that a WebSocket has. */
const taken = new WeakSet<Socket>();

class EndingWebSocket extends WebSocket {
  #socket: Socket | null = null;

  constructor(url: string) {
    super(url);
    const origin = new URL(url).origin.replace(/^ws/, 'http');
    const stop = () => unsubscribe(REQUEST_SENT, found);
    const found = (message: unknown) => {
      const { request, socket } = message as RequestSent;
      if (request.upgrade !== 'websocket' || request.origin !== origin || taken.has(socket)) return;
      taken.add(socket);
      this.#socket = socket;
      stop();
    };
    subscribe(REQUEST_SENT, found);
    this.addEventListener('error', stop, { once: true });
    this.addEventListener('close', stop, { once: true });
  }

  override close(code?: number, reason?: string): void {
    super.close(code, reason);
    const socket = this.#socket;
    if (socket === null || this.readyState === this.CLOSED) return;
    const end = setTimeout(() => socket.destroy(), GOODBYE_MS);
    this.addEventListener('close', () => clearTimeout(end), { once: true });
  }
}

interface RequestSent {
  readonly request: { readonly origin: string; readonly upgrade: string | null };
  readonly socket: Socket;
}
