/** What the platform's WebSocket keeps to itself: why a web port does not take us. */
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from '@nats-io/transport-node';

/**
 * Why a web port gives no connection: the platform's WebSocket keeps that to itself, a bare handshake with the same
 * server says it. Null where the handshake succeeds. `tls` null: without TLS (`ws://`).
 */
export function handshakeFailure(url: URL, tls: ConnectionOptions['tls'], timeoutMs: number): Promise<Error | null> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'wss:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return new Promise((resolve) => {
    const socket = secure ? connectTls({ ...tls, host, port }) : connectTcp({ host, port });
    const settle = (failure: Error | null) => {
      clearTimeout(late);
      socket.destroy();
      resolve(failure);
    };
    socket.once('error', settle);
    socket.once(secure ? 'secureConnect' : 'connect', () => settle(null));
    // Not the socket's own time-out, which each byte puts off.
    const late = setTimeout(() => settle(null), timeoutMs);
  });
}
