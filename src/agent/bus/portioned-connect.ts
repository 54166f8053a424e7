/**
 * A connection to the broker over TCP that reads in portions. Node reads a socket up to 32 times before it does anything else, and
 * the client library parses what it is given at once: 5,000 commands that come together held the event loop for half of its limit.
 */
import type { Socket } from 'node:net';
import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
} from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';

/** As the library's own `connect`. */
export function connectPortioned(options: ConnectionOptions): Promise<NatsConnection> {
  // Taken by the connection that is made next, so it is set each time: `wsconnect` sets another.
  setTransportFactory({ factory: () => new PortionedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

class PortionedTransport extends NodeTransport {
  override setupHandlers(): void {
    super.setupHandlers();
    readInPortions(this.socket);
  }
}

/** Of what has come, one portion of Node's (64 kB) a turn of the event loop. */
export function readInPortions(socket: Socket): void {
  socket.on('data', () => {
    socket.pause();
    setImmediate(() => socket.resume());
  });
}
