/**
 * Keeps the agent connected: one loop of single tries, server after server, for ever and with jittered pauses. Each session
 * is a new sign-in; what it ends with, and why none could be had, is the state of the link (design §7).
 */
import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { errorText, type Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import { WatchedCell } from '../base/watched.ts';
import { DEFAULT_MAX_PAYLOAD_BYTES, type LinkStatus } from './bus.ts';
import { classify } from './classify.ts';
import { Session } from './session.ts';
import type { Credentials, TlsFiles } from './sign-in.ts';

/** After the first failures a PC that sits off the network asks about twice a minute. */
const CONNECT_BACKOFF: BackoffPolicy = { minMs: 250, maxMs: 30_000, jitter: 0.5 };

export interface ConnectorOptions {
  readonly pcId: string;
  /** At least one; tried in random order, those that the cluster names after them. */
  readonly servers: readonly URL[];
  /** Called before each try. A string says why there are none. */
  readonly credentials: () => Credentials | string;
  readonly tls: TlsFiles;
  readonly clock: Clock;
  readonly log: Logger;
  readonly connectBackoff?: BackoffPolicy;
  readonly pingIntervalMs?: number;
}

export class Connector {
  readonly link: WatchedCell<LinkStatus>;
  readonly session = new WatchedCell<Session | null>(null);
  readonly #options: ConnectorOptions;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  /** What a new session needs done before anybody hears of it. */
  readonly #prepare: (session: Session) => void;
  #peers: readonly string[] = [];
  #lastGoodAtMs: number | null = null;
  #loop: Promise<void> | undefined;
  #wake = new AbortController();

  constructor(options: ConnectorOptions, prepare: (session: Session) => void) {
    this.#options = options;
    this.#log = options.log;
    this.#prepare = prepare;
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
    this.#loop = this.#run();
  }

  /** How long the link has not been known good: 0 while it is, Infinity if it never was. */
  ageMs(): number {
    const session = this.session.value;
    if (session?.confirmed) return 0;
    const lastGood = this.lastGoodAtMs();
    return lastGood === null ? Number.POSITIVE_INFINITY : Math.max(0, this.#options.clock.nowMs() - lastGood);
  }

  /** The last confirmed round trip, on this connection or the one before. */
  lastGoodAtMs(): number | null {
    return this.session.value?.lastGoodAtMs ?? this.#lastGoodAtMs;
  }

  /** Connects anew, at once. */
  reconnect(): void {
    this.#wake.abort();
    void this.session.value?.close();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the bus was closed'));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let attempt = 0;
    while (!signal.aborted) {
      const session = await this.#connectAny();
      if (session !== null) {
        attempt = 0;
        await this.#live(session);
        // Everybody lost the same server at the same moment: spread the return.
        await this.#pause(backoffMs(this.#options.connectBackoff ?? CONNECT_BACKOFF, 0));
        continue;
      }
      await this.#pause(backoffMs(this.#options.connectBackoff ?? CONNECT_BACKOFF, attempt++));
    }
  }

  /** Waits, unless {@link reconnect} asks, or has asked since the last pause, for a try now. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, AbortSignal.any([this.#closing.signal, this.#wake.signal])).catch(() => {});
    this.#wake = new AbortController();
  }

  /** One round over all servers; null when none of them took us, the state then says why. */
  async #connectAny(): Promise<Session | null> {
    for (const url of this.#candidates()) {
      if (this.#closing.signal.aborted) return null;
      const credentials = this.#options.credentials();
      if (typeof credentials === 'string') {
        this.#fail({ state: 'refused', why: credentials });
        continue;
      }
      try {
        return await Session.open(url, {
          pcId: this.#options.pcId,
          credentials,
          tls: this.#options.tls,
          clock: this.#options.clock,
          onError: (error) => this.#log.warn('the server reports an error', { error: errorText(error) }),
          ...(this.#options.pingIntervalMs === undefined ? {} : { pingIntervalMs: this.#options.pingIntervalMs }),
        });
      } catch (error) {
        this.#fail(classify(error, url.host));
      }
    }
    return null;
  }

  #candidates(): URL[] {
    const configured = shuffled(this.#options.servers);
    const [first] = configured;
    if (first === undefined) return [];
    const known = new Set(configured.map((url) => url.host));
    const gossiped = shuffled(this.#peers)
      .filter((peer) => !known.has(peer))
      .map((peer) => new URL(`${first.protocol}//${peer}`));
    return [...configured, ...gossiped];
  }

  #fail(failure: { state: LinkStatus['state']; why: string }): void {
    const now = this.link.value;
    if (now.state === failure.state && now.why === failure.why) return;
    this.#log.warn('not connected', { state: failure.state, why: failure.why });
    this.link.set({
      ...now,
      state: failure.state,
      sinceMs: now.state === failure.state ? now.sinceMs : this.#options.clock.nowMs(),
      lastGoodAtMs: this.#lastGoodAtMs,
      server: null,
      why: failure.why,
    });
  }

  /** Holds the session until it ends. */
  async #live(session: Session): Promise<void> {
    const { nc } = session;
    this.#log.info('connected', { server: session.server, version: nc.info?.version });
    this.#prepare(session);
    this.#lastGoodAtMs = session.lastGoodAtMs;
    // First the session: whoever hears of the connection may use it at once.
    this.session.set(session);
    this.link.set({
      state: 'connected',
      sinceMs: this.#options.clock.nowMs(),
      lastGoodAtMs: session.lastGoodAtMs,
      server: session.server,
      why: null,
      maxPayloadBytes: nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD_BYTES,
    });
    const onClosing = () => void session.close();
    this.#closing.signal.addEventListener('abort', onClosing, { once: true });
    const error = await nc.closed();
    this.#closing.signal.removeEventListener('abort', onClosing);
    this.#peers = session.peers;
    this.#lastGoodAtMs = session.lastGoodAtMs;
    this.session.set(null);
    const why = error instanceof Error ? errorText(error) : 'the connection was closed';
    this.#fail({ state: 'unreachable', why: `${session.server}: ${why}` });
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
