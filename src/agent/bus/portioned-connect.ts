/**
 * A connection to the broker over TCP that reads in portions. Node reads a socket up to 32 times before it does anything else, and
 * the client library parses what it is given at once: 5,000 commands that come together held the event loop for half of its limit.
 * Invariant: a try that is given up leaves no socket behind.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
} from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';

/** A field of the broker's INFO, which is ours: whoever is on the way could have written it. */
export const NAMED_BEFORE_TLS = 'named_before_tls';

/** As the library's own `connect`. */
export function connectPortioned(options: ConnectionOptions): Promise<NatsConnection> {
  // Taken by the connection that is made next, so it is set each time: `wsconnect` sets another.
  setTransportFactory({ factory: () => new PortionedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

class PortionedTransport extends NodeTransport {
  readonly #givenUp = new AbortController();

  /** Known to {@link close} from the first packet on: the library has a socket only once it is connected. */
  override async dial({ hostname, port }: { hostname: string; port: number }): Promise<Socket> {
    this.socket = connect({ host: hostname, port, noDelay: true });
    await once(this.socket, 'connect', { signal: this.#givenUp.signal });
    return this.socket;
  }

  /** Until then anybody on the way may have spoken: of it counts what the sign-in needs, and nothing behind it. */
  override startTLS(): Promise<TLSSocket> {
    this.yields = [beforeTls(Buffer.concat(this.yields))];
    return super.startTLS();
  }

  override setupHandlers(): void {
    super.setupHandlers();
    readInPortions(this.socket);
  }

  /** Of what was not connected yet the library leaves everything open: where nobody speaks, or a TLS handshake stands still. */
  override close(error?: Error): Promise<void> {
    if (this.connected) return super.close(error);
    this.done = true;
    this.#givenUp.abort();
    this.socket?.destroy();
    return Promise.resolve();
  }
}

/**
 * The broker's first line, with the servers that it names as {@link NAMED_BEFORE_TLS}. Newer brokers say them again to who has signed in,
 * and all do when the cluster changes.
 */
export function beforeTls(bytes: Buffer): Buffer {
  const [, json = ''] = /^INFO\s+(.*)\r\n/.exec(bytes.toString()) ?? [];
  const { connect_urls: named, ...info } = JSON.parse(json);
  return Buffer.from(`INFO ${JSON.stringify({ ...info, [NAMED_BEFORE_TLS]: named })}\r\n`);
}

/** Of what has come, one portion of Node's (64 kB) a turn of the event loop. */
export function readInPortions(socket: Socket): void {
  socket.on('data', () => {
    socket.pause();
    setImmediate(() => socket.resume());
  });
}
