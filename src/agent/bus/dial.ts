/** One try to sign in at one server. Everything of the library that would try again, or elsewhere, by itself is off. */
import type { ConnectionOptions } from '@nats-io/transport-node';
import { MAX_TIMER_MS } from '../../base/sleep.ts';
import type { Dialled } from './dialled.ts';
import { inboxesOf } from './inboxes.ts';
import type { Server } from './peers.ts';
import { connectPortioned } from './portioned-connect.ts';
import { authenticatorOf, type Credentials, type TlsTexts, tlsOptions } from './sign-in.ts';

export const CONNECT_TIMEOUT_MS = 5_000;

export interface DialOptions {
  readonly pcId: string;
  readonly credentials: Credentials;
  readonly tls: () => TlsTexts | string;
  /** In place of {@link CONNECT_TIMEOUT_MS}. */
  readonly connectMs?: number;
}

/** Rejects with what went wrong, see `classify`. */
export async function dial(
  server: Server,
  { pcId, credentials, tls: readTls, connectMs = CONNECT_TIMEOUT_MS }: DialOptions,
): Promise<Dialled> {
  const authenticator = authenticatorOf(credentials);
  const { url } = server;
  const tls = tlsOptions(server, readTls());
  const webSocket = url.protocol === 'wss:' || url.protocol === 'ws:';
  const common: ConnectionOptions = {
    servers: webSocket ? url.href : url.host,
    name: `kanade-agent/${pcId}`,
    reconnect: false,
    maxReconnectAttempts: 0,
    // What the cluster names is for the next connection (`BrokerConnection.peers`); here an address that is none would end this one.
    ignoreClusterUpdates: true,
    inboxPrefix: inboxesOf(pcId),
    timeout: connectMs,
    // Its pings know nothing of what is still on its way; ours do.
    pingInterval: MAX_TIMER_MS,
    // A stack trace per request, taken before anything has failed, costs more than the request.
    noAsyncTraces: true,
    ...(authenticator === undefined ? credentialsOf(url) : { authenticator }),
  };
  if (!webSocket) {
    const nc = await connectPortioned(tls === undefined ? common : { ...common, tls });
    return { nc, inBytes: () => nc.stats().inBytes, giveUp: () => {} };
  }
  // Few fleets have a web port, and none of it is needed without one.
  const { connectWeb } = await import('./web-socket.ts');
  return connectWeb(common, tls);
}

function credentialsOf(url: URL): Pick<ConnectionOptions, 'user' | 'pass' | 'token'> {
  if (url.username === '') return {};
  const user = decodeURIComponent(url.username);
  return url.password === '' ? { token: user } : { user, pass: decodeURIComponent(url.password) };
}
