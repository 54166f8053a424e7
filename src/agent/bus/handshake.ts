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
      socket.destroy();
      resolve(failure);
    };
    socket.once('error', settle);
    socket.once(secure ? 'secureConnect' : 'connect', () => settle(null));
    socket.setTimeout(timeoutMs, () => settle(null));
  });
}

/**
 * Whether a server says anything at all, as a broker does to everybody who connects. The client library never lets go of a
 * connection at which nobody speaks, so one that was silent before is asked this way first.
 */
export function speaks(url: URL, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 4222) });
    const settle = (heard: boolean) => {
      socket.destroy();
      resolve(heard);
    };
    // Refused, reset or gone: the library says so in its own words.
    socket.once('error', () => settle(true));
    socket.once('close', () => settle(true));
    socket.once('data', () => settle(true));
    setTimeout(() => settle(false), timeoutMs).unref();
  });
}
