/**
 * The only NATS implementation of {@link Bus}: whatever was asked for is bound again on each new connection.
 */
import { type BackoffPolicy, spreadMs } from '../../base/backoff.ts';
import type { Logger } from '../../base/logger.ts';
import type { Watched } from '../../base/watched.ts';
import type { KvKey } from '../../shared/ids.ts';
import type { BrokerConnection } from './broker-connection.ts';
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
  ObjectPart,
  ObjectPiece,
  ObjectPlace,
  ObjectRead,
  ObjectStat,
  PublishOptions,
  PublishOutcome,
  SubscribeOptions,
} from './bus.ts';
import { Connector, type ConnectorOptions } from './connector.ts';
import { consumeDurable } from './durable.ts';
import { newInbox } from './inboxes.ts';
import { kvGet, kvWatch } from './kv.ts';
import { objectGet, objectPiece, objectStat, objectsPresent } from './objects.ts';
import { Permissions } from './permissions.ts';
import { PubAcks } from './publish.ts';
import { sends } from './sends.ts';
import { ServerClock } from './server-clock.ts';
import { Subscriptions } from './subscriptions.ts';
import { supervise } from './supervise.ts';

/** Every watch is begun again now and then, in case something was missed (protocol §2.2). */
const REREAD_MS = 30 * 60_000;

export interface NatsBusOptions extends ConnectorOptions {
  readonly bindBackoff?: BackoffPolicy;
  readonly watchHeartbeatMs?: number;
  readonly durableHeartbeatMs?: number;
  readonly askAgainMs?: number;
}

export class NatsBus implements Bus {
  readonly #options: NatsBusOptions;
  readonly #log: Logger;
  readonly #connector: Connector;
  /** Of the present connection. */
  #acks: PubAcks | null = null;
  readonly #permissions: Permissions;
  readonly #serverClock: ServerClock;
  readonly #subscriptions: Subscriptions;
  /** Aborted when all watches should be begun again. */
  #doubt = new AbortController();

  constructor(options: NatsBusOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#permissions = new Permissions(options.clock, options.log, options.askAgainMs);
    this.#serverClock = new ServerClock(options.clock);
    this.#subscriptions = new Subscriptions(this.#permissions, options.log, options.bindBackoff);
    // Nobody sends there. It shows whether answers can be heard at all, and notices when they can again.
    const inbox = newInbox(options.pcId);
    this.#subscriptions.add({ subject: inbox, handler: () => {} }, null);
    this.#connector = new Connector(options, {
      permissions: this.#permissions,
      serverClock: this.#serverClock,
      prepare: (connection) => this.#subscriptions.bind(connection),
    });
  }

  get link(): Watched<LinkStatus> {
    return this.#connector.link;
  }

  get tried(): Watched<boolean> {
    return this.#connector.tried;
  }

  get forbidden(): Watched<readonly string[]> {
    return this.#permissions.forbidden;
  }

  get #connection(): BrokerConnection | null {
    return this.#connector.connection.value;
  }

  start(): void {
    this.#connector.start();
  }

  serverNowMs(): number | null {
    return this.#serverClock.nowMs();
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

  subscribe(
    subject: string,
    handler: (message: BusMessage) => void,
    onRefused?: (why: string) => void,
    { optional = false }: SubscribeOptions = {},
  ): Binding {
    return this.#subscriptions.add({ subject, handler, onRefused, optional }, this.#connection);
  }

  publish(subject: string, body: Uint8Array): boolean {
    const connection = this.#connection;
    // Published while disconnected it would be lost without a word (protocol §1.2).
    if (connection === null || connection.nc.isClosed()) return false;
    const refused = this.#permissions.has('publish', subject);
    if (refused && !this.#permissions.mayAskAgain('publish', subject)) return false;
    if (!sends(() => connection.nc.publish(subject, body), subject, this.#log)) return false;
    connection.published(subject);
    return true;
  }

  get windowBytes(): number {
    return this.#connection?.windowBytes ?? 0;
  }

  async publishAcked(subject: string, body: Uint8Array, id: string, options: PublishOptions): Promise<PublishOutcome> {
    const connection = this.#connection;
    if (connection === null) return { kind: 'lost', why: 'not connected' };
    if (this.#acks?.connection !== connection) this.#acks = new PubAcks(connection, this.#log);
    return this.#acks.publish(subject, body, id, options);
  }

  async kvGet(bucket: string, key: KvKey, timeoutMs: number): Promise<KvRead> {
    const connection = this.#connection;
    if (connection === null) return { kind: 'failed', why: 'not connected' };
    return kvGet(connection, bucket, key, timeoutMs);
  }

  kvWatch(bucket: string, keys: readonly string[], handlers: KvWatchHandlers): Binding {
    return supervise(
      this.#connector.connection,
      `the watch on ${bucket}`,
      this.#log,
      (connection, signal, bound) => {
        const fresh = AbortSignal.timeout(spreadMs(REREAD_MS));
        const until = AbortSignal.any([signal, fresh, this.#doubt.signal]);
        return kvWatch(connection, bucket, keys, handlers, this.#log, until, bound, this.#options.watchHeartbeatMs);
      },
      this.#options.bindBackoff,
    );
  }

  consume(spec: DurableSpec, handlers: DurableHandlers): DurableBinding {
    let restart = new AbortController();
    const binding = supervise(
      this.#connector.connection,
      `the consumer ${spec.durable}`,
      this.#log,
      async (connection, signal, bound) => {
        restart = new AbortController();
        const until = AbortSignal.any([signal, restart.signal]);
        let wasBound = false;
        const nowBound = () => {
          wasBound = true;
          bound();
        };
        try {
          await consumeDurable(
            connection,
            spec,
            handlers,
            this.#log,
            until,
            nowBound,
            this.#options.durableHeartbeatMs,
          );
        } catch (error) {
          if (wasBound && !until.aborted) this.#doubtWatches();
          throw error;
        }
      },
      this.#options.bindBackoff,
    );
    return { close: () => binding.close(), rebind: () => restart.abort(new Error('the filters changed')) };
  }

  /**
   * Something that was there is gone (somebody made the streams again): the watches may be dead too, and would notice only by
   * the silence of a minute.
   */
  #doubtWatches(): void {
    this.#doubt.abort(new Error('the streams may have been made anew'));
    this.#doubt = new AbortController();
  }

  async objectsPresent(bucket: string, names: readonly string[]): Promise<ReadonlySet<string> | null> {
    const connection = this.#connection;
    return connection === null ? null : objectsPresent(connection, bucket, names);
  }

  async objectStat(bucket: string, name: string, signal: AbortSignal): Promise<ObjectStat> {
    const connection = this.#connection;
    if (connection === null) return { kind: 'failed', why: 'not connected', mayPass: true };
    return objectStat(connection, bucket, name, signal);
  }

  async objectPiece(bucket: string, place: ObjectPlace, signal: AbortSignal): Promise<ObjectPiece> {
    const connection = this.#connection;
    if (connection === null) return { kind: 'failed', why: 'not connected', mayPass: true };
    return objectPiece(connection, bucket, place, signal);
  }

  async objectGet(
    bucket: string,
    name: string,
    maxBytes: number,
    signal: AbortSignal,
    from?: ObjectPart,
  ): Promise<ObjectRead> {
    const connection = this.#connection;
    if (connection === null)
      return { kind: 'failed', why: 'not connected', mayPass: true, ...(from && { part: from }) };
    return objectGet(connection, bucket, name, maxBytes, signal, from);
  }
}
