/**
 * Keeps the agent connected: one loop of single tries, server after server, for ever and with jittered pauses. Each connection
 * is a new sign-in; what it ends with, and why there is none, is the state of the link (architecture §7). Durations are by the
 * time since boot: a changed time of day neither ages a link nor freshens it.
 */
import { type BackoffPolicy, backoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import { orAbort } from '../../base/waiting.ts';
import { WatchedCell } from '../../base/watched.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { DEFAULT_MAX_PAYLOAD_BYTES, type LinkStatus } from './bus.ts';
import { type Failure, isRefused } from './classify.ts';
import { CONNECT_TIMEOUT_MS } from './dial.ts';
import { openConnection } from './open.ts';
import { Peers, type Server, shuffled } from './peers.ts';
import type { Permissions } from './permissions.ts';
import { hasLasted, reconnectDelayMs } from './reconnect.ts';
import type { ServerClock } from './server-clock.ts';
import type { Credentials, TlsTexts } from './sign-in.ts';
import { watchForWake } from './wake.ts';

const AWAKE_ANSWER_MS = 5_000;
/** Of a try. One that does not answer is enough for a round: what IT has configured may be back meanwhile. Timers are not that exact. */
const PEERS_SHARE = 0.8;

export interface ConnectorOptions {
  readonly pcId: string;
  /** At least one; tried in random order, those that the cluster names after them. */
  readonly servers: readonly URL[];
  /** Called before each try. In order: the next one counts only where a server refuses the one before. A string says why there are none. */
  readonly credentials: () => readonly Credentials[] | string;
  /** Read again for each try; a text: why they can't be used. */
  readonly tls: () => TlsTexts | string;
  /** Asked before both are read, where that takes files: an access to a share that is away would hold up everything. */
  readonly filesAnswer?: ((signal: AbortSignal) => Promise<string | null>) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** In place of {@link CONNECT_TIMEOUT_MS}. */
  readonly connectMs?: number;
  /** In place of {@link reconnectDelayMs}. */
  readonly connectBackoff?: BackoffPolicy;
  readonly pingIntervalMs?: number;
  /** How often it is checked whether the PC has slept. */
  readonly wakePollMs?: number;
}

export interface ConnectorParts {
  readonly permissions: Permissions;
  readonly serverClock: ServerClock;
  /** What a new connection needs done before anybody hears of it. */
  readonly prepare: (connection: BrokerConnection) => void;
}

/** A server that has refused us is left alone for a while. */
interface Refusals {
  readonly times: number;
  readonly untilUpMs: number;
}

export class Connector {
  readonly link: WatchedCell<LinkStatus>;
  readonly connection = new WatchedCell<BrokerConnection | null>(null);
  readonly tried = new WatchedCell(false);
  readonly #options: ConnectorOptions;
  readonly #parts: ConnectorParts;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #refusals = new Map<string, Refusals>();
  readonly #peers = new Peers();
  #lastGood: { readonly atMs: number; readonly upMs: number } | null = null;
  /** Since when there was no connection that lasted. */
  #awayFromUpMs: number;
  /** The last connection. */
  #lastedMs = 0;
  #loop: Promise<void> | undefined;
  #wake = new AbortController();

  constructor(options: ConnectorOptions, parts: ConnectorParts) {
    this.#options = options;
    this.#parts = parts;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#awayFromUpMs = options.clock.upMs();
    this.link = new WatchedCell<LinkStatus>({
      state: 'starting',
      sinceMs: options.clock.nowMs(),
      lastGoodAtMs: null,
      server: null,
      why: null,
      maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    });
  }

  start(): void {
    if (this.#closing.signal.aborted) return;
    watchForWake(this.#clock, () => this.#awake(), this.#closing.signal, this.#options.wakePollMs);
    this.#loop = this.#run();
    drop(this.#loop, this.#log, 'connecting');
  }

  /** How long the link has not been known good: 0 while it is, Infinity if it never was. */
  ageMs(): number {
    const connection = this.connection.value;
    if (connection?.confirmed) return 0;
    const lastGoodUpMs = connection?.lastGoodUpMs ?? this.#lastGood?.upMs;
    return lastGoodUpMs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, this.#clock.upMs() - lastGoodUpMs);
  }

  /** The last confirmed round trip, on this connection or the one before. */
  lastGoodAtMs(): number | null {
    return this.connection.value?.lastGoodAtMs ?? this.#lastGood?.atMs ?? null;
  }

  /** Connects again, at once. */
  reconnect(): void {
    this.#refusals.clear();
    this.#wake.abort();
    this.connection.value?.close();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the bus was closed'));
    this.connection.value?.close();
    await this.#loop;
  }

  /** The PC may have slept: the network may be another one, and the server may have given us up. */
  #awake(): void {
    const connection = this.connection.value;
    if (connection === null) {
      this.reconnect();
      return;
    }
    this.#log.debug('looking at the connection after a sleep');
    const checked = connection.answersWithin(AWAKE_ANSWER_MS).then((answers) => {
      if (answers || this.connection.value !== connection) return;
      this.#wake.abort();
      connection.close('it does not answer after a sleep');
    });
    drop(checked, this.#log, 'looking at the connection');
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let attempt = 0;
    while (!signal.aborted) {
      try {
        const connection = await this.#connectAny();
        this.tried.set(true);
        if (connection !== null) {
          attempt = 0;
          try {
            await this.#live(connection);
          } finally {
            connection.close();
          }
        }
        await this.#pause(this.#delayMs(connection !== null, attempt++));
      } catch (error) {
        // A mistake of ours, or of one who listens; the agent has no other way to its fleet.
        this.#log.error('connecting failed', { error: errorText(error) });
        await this.#pause(reconnectDelayMs({ kind: 'unreachable', forMs: 0 }));
      }
    }
  }

  #delayMs(wasConnected: boolean, attempt: number): number {
    const { connectBackoff } = this.#options;
    if (connectBackoff !== undefined) return backoffMs(connectBackoff, attempt);
    if (wasConnected && hasLasted(this.#lastedMs)) return reconnectDelayMs({ kind: 'lost' });
    const nowMs = this.#clock.upMs();
    const waits = this.#candidates().map(({ url: { host } }) => (this.#refusals.get(host)?.untilUpMs ?? nowMs) - nowMs);
    const shortestMs = Math.min(...waits);
    if (shortestMs > 0) return shortestMs;
    return reconnectDelayMs({ kind: 'unreachable', forMs: nowMs - this.#awayFromUpMs });
  }

  /** Waits, unless {@link reconnect} asks, or has asked since the last pause, for a try now. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, AbortSignal.any([this.#closing.signal, this.#wake.signal])).catch(() => {});
    this.#wake = new AbortController();
  }

  /** One round over all servers; null when none of them took us, the state then says why. */
  async #connectAny(): Promise<BrokerConnection | null> {
    const { signal } = this.#closing;
    const peersMs = PEERS_SHARE * (this.#options.connectMs ?? CONNECT_TIMEOUT_MS);
    let peersFromUpMs: number | null = null;
    for (const [at, server] of this.#candidates().entries()) {
      if (signal.aborted) return null;
      const { host } = server.url;
      if (at >= this.#options.servers.length) {
        const upMs = this.#clock.upMs();
        peersFromUpMs ??= upMs;
        if (upMs - peersFromUpMs >= peersMs) return null;
        this.#peers.noteTry(server, upMs);
      }
      const refused = this.#refusals.get(host);
      if (refused !== undefined && refused.untilUpMs > this.#clock.upMs()) continue;
      const opened = await openConnection(server, { ...this.#options, ...this.#parts }, signal);
      if (opened === null) return null;
      if (opened.kind === 'open') {
        this.#refusals.delete(host);
        return opened.connection;
      }
      if (isRefused(opened.failure) && !opened.local) this.#noteRefusal(host, (refused?.times ?? 0) + 1);
      else this.#refusals.delete(host);
      this.#fail(opened.failure);
    }
    return null;
  }

  #noteRefusal(host: string, times: number): void {
    const delayMs = this.#options.connectBackoff === undefined ? reconnectDelayMs({ kind: 'refused', times }) : 0;
    this.#refusals.set(host, { times, untilUpMs: this.#clock.upMs() + delayMs });
  }

  #candidates(): Server[] {
    const configured = shuffled(this.#options.servers).map((url) => ({ url, certificateOf: null }));
    return [...configured, ...this.#peers.others(new Set(configured.map(({ url }) => url.host)))];
  }

  #fail(failure: Failure): void {
    const now = this.link.value;
    if (now.state === failure.state && now.why === failure.why) return;
    this.#log.warn('not connected', { state: failure.state, why: failure.why });
    this.link.set({
      ...now,
      state: failure.state,
      sinceMs: now.state === failure.state ? now.sinceMs : this.#clock.nowMs(),
      lastGoodAtMs: this.#lastGood?.atMs ?? null,
      server: null,
      why: failure.why,
    });
  }

  /** Holds the connection until it ends. */
  async #live(connection: BrokerConnection): Promise<void> {
    if (this.#closing.signal.aborted) return connection.close();
    const { nc } = connection;
    const fromUpMs = this.#clock.upMs();
    this.#log.info('connected', { server: connection.server, version: nc.info?.version });
    let error: Error | null = null;
    try {
      this.#parts.permissions.reset();
      this.#parts.prepare(connection);
      // First this: whoever hears of the link may use it at once.
      this.connection.set(connection);
      this.link.set({
        state: 'connected',
        sinceMs: this.#clock.nowMs(),
        lastGoodAtMs: connection.lastGoodAtMs,
        server: connection.server,
        why: null,
        maxPayloadBytes: nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD_BYTES,
      });
      error = await orAbort(connection.ended, connection.signal);
    } catch (reason) {
      // Or a mistake of one who listens: then, too, nobody may take the connection for one that lives.
      if (!connection.signal.aborted) this.#log.error('a connection is given up', { error: errorText(reason) });
      error = reason instanceof Error ? reason : null;
    }
    this.#peers.replace(connection.peers, connection.at);
    this.#lastGood = { atMs: connection.lastGoodAtMs, upMs: connection.lastGoodUpMs };
    const nowUpMs = this.#clock.upMs();
    this.#lastedMs = nowUpMs - fromUpMs;
    if (hasLasted(this.#lastedMs)) this.#awayFromUpMs = nowUpMs;
    this.connection.set(null);
    const why = error === null ? 'the connection was closed' : errorText(error);
    this.#fail({ state: 'unreachable', why: `${connection.server}: ${why}` });
  }
}
