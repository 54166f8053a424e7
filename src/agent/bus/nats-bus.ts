/**
 * The only NATS implementation of {@link Bus}: whatever was asked for is bound again on each new session.
 */
import { errors, type Subscription } from '@nats-io/transport-node';
import type { BackoffPolicy } from '../base/backoff.ts';
import { errorText, type Logger } from '../base/logger.ts';
import type { Watched } from '../base/watched.ts';
import { ApiError, jsonOf, throwApiError } from './api.ts';
import type {
  Binding,
  Bus,
  BusMessage,
  DurableBinding,
  DurableHandlers,
  DurableSpec,
  KvRead,
  KvWatchHandlers,
  LinkStatus,
  ObjectRead,
  PublishOutcome,
} from './bus.ts';
import { Connector, type ConnectorOptions } from './connector.ts';
import { consumeDurable } from './durable.ts';
import { kvGet, kvWatch } from './kv.ts';
import { objectGet, objectsPresent } from './objects.ts';
import { isNoResponders, type Session } from './session.ts';
import { supervise } from './supervise.ts';

/** Every watch is begun anew now and then, in case something was missed (design §7). */
const FRESH_LOOK_MS = 30 * 60_000;

export interface NatsBusOptions extends ConnectorOptions {
  readonly bindBackoff?: BackoffPolicy;
  readonly watchHeartbeatMs?: number;
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
  readonly #connector: Connector;
  readonly #subscriptions = new Set<Subscribed>();
  /** Aborted when all watches should be begun anew. */
  #doubt = new AbortController();

  constructor(options: NatsBusOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#connector = new Connector(options, (session) => {
      for (const subscribed of this.#subscriptions) this.#subscribeLive(subscribed, session);
    });
  }

  get link(): Watched<LinkStatus> {
    return this.#connector.link;
  }

  get #session(): Session | null {
    return this.#connector.session.value;
  }

  start(): void {
    this.#connector.start();
  }

  linkAgeMs(): number {
    return this.#connector.ageMs();
  }

  lastGoodAtMs(): number | null {
    return this.#connector.lastGoodAtMs();
  }

  reconnect(): void {
    this.#connector.reconnect();
  }

  close(): Promise<void> {
    return this.#connector.close();
  }

  subscribe(subject: string, handler: (message: BusMessage) => void, onRefused?: (why: string) => void): Binding {
    const subscribed: Subscribed = { subject, handler, onRefused, live: null };
    this.#subscriptions.add(subscribed);
    if (this.#session !== null) this.#subscribeLive(subscribed, this.#session);
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
    const session = this.#session;
    // Published while disconnected it would be lost without a word (stack.md).
    if (session === null || session.nc.isClosed()) return false;
    session.nc.publish(subject, body);
    return true;
  }

  async publishAcked(subject: string, body: Uint8Array, id: string, timeoutMs: number): Promise<PublishOutcome> {
    const session = this.#session;
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
      // The client has not even sent it: larger than the server's `max_payload`, or no subject.
      if (error instanceof errors.InvalidArgumentError || error instanceof errors.InvalidSubjectError) {
        return { kind: 'rejected', why: errorText(error) };
      }
      return { kind: 'unavailable', why: errorText(error) };
    }
  }

  async kvGet(bucket: string, key: string, timeoutMs: number): Promise<KvRead> {
    const session = this.#session;
    if (session === null) return { kind: 'failed', why: 'not connected' };
    return kvGet(session, bucket, key, timeoutMs);
  }

  kvWatch(bucket: string, keys: readonly string[], handlers: KvWatchHandlers): Binding {
    return supervise(
      this.#connector.session,
      `the watch on ${bucket}`,
      this.#log,
      (session, signal, bound) => {
        const fresh = AbortSignal.timeout(Math.round(FRESH_LOOK_MS * (0.75 + Math.random() / 2)));
        const until = AbortSignal.any([signal, fresh, this.#doubt.signal]);
        return kvWatch(session, bucket, keys, handlers, this.#log, until, bound, this.#options.watchHeartbeatMs);
      },
      this.#options.bindBackoff,
    );
  }

  consume(spec: DurableSpec, handlers: DurableHandlers): DurableBinding {
    let restart = new AbortController();
    const binding = supervise(
      this.#connector.session,
      `the consumer ${spec.durable}`,
      this.#log,
      async (session, signal, bound) => {
        restart = new AbortController();
        const until = AbortSignal.any([signal, restart.signal]);
        let wasBound = false;
        const nowBound = () => {
          wasBound = true;
          bound();
        };
        try {
          await consumeDurable(session, spec, handlers, this.#log, until, nowBound);
        } catch (error) {
          if (wasBound && !until.aborted) this.#lookAnew();
          throw error;
        }
      },
      this.#options.bindBackoff,
    );
    return { close: () => binding.close(), rebind: () => restart.abort(new Error('the filters changed')) };
  }

  /**
   * Something that was there is gone (somebody made the streams anew): the watches may be dead too, and would notice only by
   * the silence of a minute.
   */
  #lookAnew(): void {
    this.#doubt.abort(new Error('the streams may have been made anew'));
    this.#doubt = new AbortController();
  }

  async objectsPresent(bucket: string, names: readonly string[]): Promise<ReadonlySet<string> | null> {
    const session = this.#session;
    return session === null ? null : objectsPresent(session, bucket, names);
  }

  async objectGet(bucket: string, name: string, maxBytes: number, signal: AbortSignal): Promise<ObjectRead> {
    const session = this.#session;
    if (session === null) return { kind: 'failed', why: 'not connected' };
    return objectGet(session, bucket, name, maxBytes, signal);
  }
}
