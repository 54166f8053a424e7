/**
 * One connection to one server, from its sign-in to its end. The library's own reconnect stays off: a new session is a
 * new sign-in with secrets read anew, a new classification of the failure, and one way to bind things, not two.
 */
import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import {
  type ConnectionOptions,
  connect,
  errors,
  headers,
  type NatsConnection,
  wsconnect,
} from '@nats-io/transport-node';
import type { Clock } from '../base/clock.ts';
import { handshakeFailure } from './handshake.ts';
import { authenticatorOf, type Credentials, type TlsFiles, tlsOptions } from './sign-in.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const PING_INTERVAL_MS = 20_000;
/** Two missed answers end the link: a half-open one is noticed within 60 s (design §7). */
const MAX_PINGS_OUT = 2;

export interface SessionOptions {
  readonly pcId: string;
  readonly credentials: Credentials;
  readonly tls: TlsFiles;
  readonly clock: Clock;
  /** A refused publish or subscription and the like; the link itself goes on. */
  readonly onError: (error: Error) => void;
  readonly pingIntervalMs?: number;
}

export class Session {
  readonly server: string;
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  /** Aborted when the connection has ended. */
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #pingIntervalMs: number;
  #lastGoodAtMs: number;
  /** Kept here: the library forgets them with the connection, and then they are needed. */
  #peers: readonly string[];
  #ending = new AbortController();

  private constructor(server: string, nc: NatsConnection, options: SessionOptions) {
    this.server = server;
    this.nc = nc;
    // Without the look at the account, which the role of an agent is refused (protocol §12.5).
    this.js = jetstream(nc, { checkAPI: false });
    this.signal = this.#ending.signal;
    this.#clock = options.clock;
    this.#pingIntervalMs = options.pingIntervalMs ?? PING_INTERVAL_MS;
    this.#lastGoodAtMs = options.clock.nowMs();
    this.#peers = nc.info?.connect_urls ?? [];
    void this.#follow(options.onError);
    void nc.closed().then(() => this.#ending.abort(new Error('the connection ended')));
  }

  /** One try at one server. Rejects with what went wrong, see `classify`. */
  static async open(url: URL, options: SessionOptions): Promise<Session> {
    const authenticator = authenticatorOf(options.credentials);
    const tls = tlsOptions(url, options.tls);
    const webSocket = url.protocol === 'wss:' || url.protocol === 'ws:';
    const common: ConnectionOptions = {
      servers: webSocket ? url.href : url.host,
      name: `kanade-agent/${options.pcId}`,
      reconnect: false,
      maxReconnectAttempts: 0,
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: options.pingIntervalMs ?? PING_INTERVAL_MS,
      maxPingOut: MAX_PINGS_OUT,
      // A stack trace per request, taken before anything has failed, costs more than the request.
      noAsyncTraces: true,
      ...(authenticator === undefined ? credentialsOf(url) : { authenticator }),
    };
    const nc = webSocket
      ? await wsconnect(common).catch(async (error) => {
          throw (await handshakeFailure(url, tls ?? null, CONNECT_TIMEOUT_MS)) ?? error;
        })
      : await connect(tls === undefined ? common : { ...common, tls });
    return new Session(url.host, nc, options);
  }

  /** When the server last answered us, ms since the epoch. */
  get lastGoodAtMs(): number {
    return this.#lastGoodAtMs;
  }

  /** False once an answer to a ping is overdue, long before the link is given up (D17). */
  get confirmed(): boolean {
    return this.#clock.nowMs() - this.#lastGoodAtMs < 2 * this.#pingIntervalMs + CONNECT_TIMEOUT_MS;
  }

  heard(): void {
    this.#lastGoodAtMs = this.#clock.nowMs();
  }

  /** Servers that the cluster has told us of, as `host:port`. */
  get peers(): readonly string[] {
    return this.#peers;
  }

  /** A request whose answer also proves the link. Rejects with the library's errors. */
  async request(subject: string, body: Uint8Array | string, timeoutMs: number, id?: string) {
    const fields = id === undefined ? undefined : headers();
    fields?.set('Nats-Msg-Id', id ?? '');
    const answer = await this.nc.request(subject, body, {
      timeout: timeoutMs,
      ...(fields === undefined ? {} : { headers: fields }),
    });
    this.heard();
    return answer;
  }

  async #follow(onError: (error: Error) => void): Promise<void> {
    let lastPingAtMs = this.#lastGoodAtMs;
    for await (const status of this.nc.status()) {
      if (status.type === 'ping') {
        // None but the one that goes out now is unanswered, so the one before was answered.
        if (status.pendingPings === 1) this.#lastGoodAtMs = Math.max(this.#lastGoodAtMs, lastPingAtMs);
        lastPingAtMs = this.#clock.nowMs();
      }
      if (status.type === 'update') this.#peers = this.nc.info?.connect_urls ?? this.#peers;
      if (status.type === 'error') onError(status.error);
      // The server is about to go: leave before it does.
      if (status.type === 'ldm') await this.close();
    }
  }

  async close(): Promise<void> {
    if (!this.nc.isClosed()) await this.nc.close();
  }
}

function credentialsOf(url: URL): Pick<ConnectionOptions, 'user' | 'pass' | 'token'> {
  if (url.username === '') return {};
  const user = decodeURIComponent(url.username);
  return url.password === '' ? { token: user } : { user, pass: decodeURIComponent(url.password) };
}

/** True where the broker's permissions forbid what was asked for. */
export function isForbidden(error: unknown): boolean {
  if (error instanceof errors.RequestError) return isForbidden(error.cause);
  return error instanceof errors.PermissionViolationError;
}

export function isNoResponders(error: unknown): boolean {
  return (
    error instanceof errors.NoRespondersError ||
    (error instanceof errors.RequestError && error.cause instanceof errors.NoRespondersError)
  );
}
