/**
 * The only NATS implementation of {@link Bus}. One loop connects, server after server, for ever and with jittered pauses;
 * whatever was asked for is bound again on each new session.
 */
import type { Subscription } from '@nats-io/transport-node';
import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { errorText, type Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import { type Watched, WatchedCell } from '../base/watched.ts';
import { ApiError, jsonOf, throwApiError } from './api.ts';
import {
  type Binding,
  type Bus,
  type BusMessage,
  DEFAULT_MAX_PAYLOAD_BYTES,
  type DurableBinding,
  type DurableHandlers,
  type DurableSpec,
  type KvRead,
  type KvWatchHandlers,
  type LinkStatus,
  type ObjectRead,
  type PublishOutcome,
} from './bus.ts';
import { classify } from './classify.ts';
import { consumeDurable } from './durable.ts';
import { kvGet, kvWatch } from './kv.ts';
import { objectGet, objectsPresent } from './objects.ts';
import { isNoResponders, Session } from './session.ts';
import type { Credentials, TlsFiles } from './sign-in.ts';
import { supervise } from './supervise.ts';

/** After the first failures a PC that sits off the network asks about twice a minute. */
const CONNECT_BACKOFF: BackoffPolicy = { minMs: 250, maxMs: 30_000, jitter: 0.5 };

/** Every watch is begun anew now and then, in case something was missed (design §7). */
const FRESH_LOOK_MS = 30 * 60_000;

export interface NatsBusOptions {
  readonly pcId: string;
  /** At least one; tried in random order, those that the cluster names after them. */
  readonly servers: readonly URL[];
  /** Called before each try. A string says why there are none. */
  readonly credentials: () => Credentials | string;
  readonly tls: TlsFiles;
  readonly clock: Clock;
  readonly log: Logger;
  readonly connectBackoff?: BackoffPolicy;
  readonly bindBackoff?: BackoffPolicy;
  readonly pingIntervalMs?: number;
}

interface Subscribed {
  readonly subject: string;
  readonly handler: (message: BusMessage) => void;
  readonly onRefused: ((why: string) => void) | undefined;
  live: Subscription | null;
}

export class NatsBus implements Bus {
  readonly #options: NatsBusOptions;
  readonly #log: Logger;
  readonly #link: WatchedCell<LinkStatus>;
  readonly #session = new WatchedCell<Session | null>(null);
  readonly #subscriptions = new Set<Subscribed>();
  readonly #closing = new AbortController();
  #peers: readonly string[] = [];
  #lastGoodAtMs: number | null = null;
  #loop: Promise<void> | undefined;
  #wake = new AbortController();

  constructor(options: NatsBusOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#link = new WatchedCell<LinkStatus>({
      state: 'starting',
      sinceMs: options.clock.nowMs(),
      lastGoodAtMs: null,
      server: null,
      why: null,
      maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    });
  }

  get link(): Watched<LinkStatus> {
    return this.#link;
  }

  start(): void {
    this.#loop = this.#run();
  }

  linkAgeMs(): number {
    const session = this.#session.value;
    const lastGood = session?.lastGoodAtMs ?? this.#lastGoodAtMs;
    if (session?.confirmed) return 0;
    return lastGood === null ? Number.POSITIVE_INFINITY : Math.max(0, this.#options.clock.nowMs() - lastGood);
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

  /** Waits, unless {@link reconnect} asks for a try now. */
  async #pause(ms: number): Promise<void> {
    this.#wake = new AbortController();
    await sleep(ms, AbortSignal.any([this.#closing.signal, this.#wake.signal])).catch(() => {});
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
    const now = this.#link.value;
    if (now.state === failure.state && now.why === failure.why) return;
    this.#log.warn('not connected', { state: failure.state, why: failure.why });
    this.#link.set({
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
    for (const subscribed of this.#subscriptions) this.#subscribeLive(subscribed, session);
    this.#lastGoodAtMs = session.lastGoodAtMs;
    // First the session: whoever hears of the connection may use it at once.
    this.#session.set(session);
    this.#link.set({
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
    this.#session.set(null);
    for (const subscribed of this.#subscriptions) subscribed.live = null;
    const why = error instanceof Error ? errorText(error) : 'the connection was closed';
    this.#fail({ state: 'unreachable', why: `${session.server}: ${why}` });
  }

  subscribe(subject: string, handler: (message: BusMessage) => void, onRefused?: (why: string) => void): Binding {
    const subscribed: Subscribed = { subject, handler, onRefused, live: null };
    this.#subscriptions.add(subscribed);
    if (this.#session.value !== null) this.#subscribeLive(subscribed, this.#session.value);
    return {
      close: () => {
        this.#subscriptions.delete(subscribed);
        subscribed.live?.unsubscribe();
      },
    };
  }

  #subscribeLive(subscribed: Subscribed, session: Session): void {
    if (session.nc.isClosed()) return;
    subscribed.live = session.nc.subscribe(subscribed.subject, {
      callback: (error, message) => {
        if (error === null) return this.#handle(subscribed, message);
        this.#log.warn('a subscription was refused', { subject: subscribed.subject, error: errorText(error) });
        subscribed.onRefused?.(errorText(error));
      },
    });
  }

  /** A handler's fault must not reach the client library: it would end the connection (invariant 11). */
  #handle(subscribed: Subscribed, message: BusMessage): void {
    try {
      subscribed.handler(message);
    } catch (error) {
      this.#log.error('a message could not be handled', { subject: message.subject, error: errorText(error) });
    }
  }

  publish(subject: string, body: Uint8Array): boolean {
    const session = this.#session.value;
    // Published while disconnected it would be lost without a word (stack.md).
    if (session === null || session.nc.isClosed()) return false;
    session.nc.publish(subject, body);
    return true;
  }

  async publishAcked(subject: string, body: Uint8Array, id: string, timeoutMs: number): Promise<PublishOutcome> {
    const session = this.#session.value;
    if (session === null) return { kind: 'unavailable', why: 'not connected' };
    try {
      const answer = jsonOf(await session.request(subject, body, timeoutMs, id));
      throwApiError(answer);
      return { kind: 'stored' };
    } catch (error) {
      if (error instanceof ApiError) {
        // 4xx: this message; 5xx: the stream or its storage.
        const kind = error.code >= 400 && error.code < 500 ? 'rejected' : 'unavailable';
        return { kind, why: errorText(error) };
      }
      if (isNoResponders(error)) return { kind: 'unavailable', why: 'there is no stream for it' };
      return { kind: 'unavailable', why: errorText(error) };
    }
  }

  async kvGet(bucket: string, key: string, timeoutMs: number): Promise<KvRead> {
    const session = this.#session.value;
    if (session === null) return { kind: 'failed', why: 'not connected' };
    return kvGet(session, bucket, key, timeoutMs);
  }

  kvWatch(bucket: string, keys: readonly string[], handlers: KvWatchHandlers): Binding {
    return supervise(
      this.#session,
      `the watch on ${bucket}`,
      this.#log,
      (session, signal, bound) => {
        const fresh = AbortSignal.timeout(Math.round(FRESH_LOOK_MS * (0.75 + Math.random() / 2)));
        return kvWatch(session, bucket, keys, handlers, this.#log, AbortSignal.any([signal, fresh]), bound);
      },
      this.#options.bindBackoff,
    );
  }

  consume(spec: DurableSpec, handlers: DurableHandlers): DurableBinding {
    let restart = new AbortController();
    const binding = supervise(
      this.#session,
      `the consumer ${spec.durable}`,
      this.#log,
      async (session, signal, bound) => {
        restart = new AbortController();
        const until = AbortSignal.any([signal, restart.signal]);
        await consumeDurable(session, spec, handlers, this.#log, until, bound);
      },
      this.#options.bindBackoff,
    );
    return { close: () => binding.close(), rebind: () => restart.abort(new Error('the filters changed')) };
  }

  async objectsPresent(bucket: string, names: readonly string[]): Promise<ReadonlySet<string> | null> {
    const session = this.#session.value;
    return session === null ? null : objectsPresent(session, bucket, names);
  }

  async objectGet(bucket: string, name: string, maxBytes: number, signal: AbortSignal): Promise<ObjectRead> {
    const session = this.#session.value;
    if (session === null) return { kind: 'failed', why: 'not connected' };
    return objectGet(session, bucket, name, maxBytes, signal);
  }

  reconnect(): void {
    this.#wake.abort();
    void this.#session.value?.close();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the bus was closed'));
    await this.#loop;
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
