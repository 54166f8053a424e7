/** A bus in memory, for tests of what stands on one. */
import { createHash } from 'node:crypto';
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
  type ObjectPart,
  type ObjectPiece,
  type ObjectPlace,
  type ObjectRead,
  type ObjectStat,
  type PublishOptions,
  type PublishOutcome,
} from '../../src/agent/bus/bus.ts';
import { errorText } from '../../src/base/logger.ts';
import { orAbort } from '../../src/base/waiting.ts';
import { WatchedCell } from '../../src/base/watched.ts';
import type { KvKey } from '../../src/shared/ids.ts';

export interface Published {
  readonly subject: string;
  readonly body: string;
  readonly id: string | null;
}

/** A broker in memory for tests of one stage: what it answers is set by the test, what it was sent is kept. */
export class FakeBus implements Bus {
  readonly link = new WatchedCell<LinkStatus>(status('connected', 1));
  readonly tried = new WatchedCell(true);
  readonly forbidden = new WatchedCell<readonly string[]>([]);
  readonly published: Published[] = [];
  readonly kv = new Map<string, KvRead>();
  readonly objects = new Map<string, ObjectRead>();
  readonly watches = new Map<string, KvWatchHandlers>();
  /** What a publish is answered with; the default is a PubAck. */
  onPublish: (message: Published, options: PublishOptions) => PublishOutcome | Promise<PublishOutcome> = () => ({
    kind: 'stored',
  });
  /** Called before each KV read is answered. */
  onKvGet: (bucket: string, key: string) => void | Promise<void> = () => {};
  /** What reading an object is answered with; the default is what `objects` holds. `from`: what has come of it before. */
  onObjectGet: (name: string, from?: ObjectPart) => ObjectRead | Promise<ObjectRead> = (name) =>
    this.objects.get(name) ?? { kind: 'absent' };
  kvReads = 0;
  ageMs = 0;
  serverMs: number | null = null;
  durable: { spec: DurableSpec; handlers: DurableHandlers } | null = null;
  rebinds = 0;
  readonly #subscriptions = new Map<string, Set<(message: BusMessage) => void>>();

  disconnect(sinceMs = 2): void {
    this.link.set(status('unreachable', sinceMs));
  }

  connect(sinceMs = 3): void {
    this.link.set(status('connected', sinceMs));
  }

  /** Delivers a core message; `*` matches one token. */
  deliver(subject: string, body: Uint8Array | string = ''): void {
    const data = typeof body === 'string' ? Buffer.from(body) : body;
    const message: BusMessage = { subject, data, respond: () => false };
    for (const [pattern, handlers] of this.#subscriptions) {
      if (matches(pattern, subject)) for (const handler of Array.from(handlers)) handler(message);
    }
  }

  get subjects(): string[] {
    return [...this.#subscriptions].filter(([, handlers]) => handlers.size > 0).map(([subject]) => subject);
  }

  windowBytes = Number.POSITIVE_INFINITY;

  linkAgeMs(): number {
    return this.ageMs;
  }

  serverNowMs(): number | null {
    return this.serverMs;
  }

  lastGoodAtMs(): number | null {
    return this.link.value.lastGoodAtMs;
  }

  subscribe(subject: string, handler: (message: BusMessage) => void): Binding {
    const handlers = this.#subscriptions.get(subject) ?? new Set();
    this.#subscriptions.set(subject, handlers.add(handler));
    return { close: () => void handlers.delete(handler) };
  }

  publish(subject: string, body: Uint8Array): boolean {
    if (this.link.value.state !== 'connected') return false;
    this.published.push({ subject, body: Buffer.from(body).toString(), id: null });
    return true;
  }

  async publishAcked(subject: string, body: Uint8Array, id: string, options: PublishOptions): Promise<PublishOutcome> {
    if (this.link.value.state !== 'connected') return { kind: 'lost', why: 'not connected' };
    const message = { subject, body: Buffer.from(body).toString(), id };
    this.published.push(message);
    return this.onPublish(message, options);
  }

  async kvGet(bucket: string, key: KvKey): Promise<KvRead> {
    this.kvReads += 1;
    await this.onKvGet(bucket, key);
    return this.kv.get(`${bucket}/${key}`) ?? { kind: 'absent', revision: 0 };
  }

  setKv(bucket: string, key: string, value: string, revision = 1): void {
    this.kv.set(`${bucket}/${key}`, { kind: 'value', value: Buffer.from(value), revision });
  }

  kvWatch(bucket: string, _keys: readonly string[], handlers: KvWatchHandlers): Binding {
    this.watches.set(bucket, handlers);
    return { close: () => void this.watches.delete(bucket) };
  }

  consume(spec: DurableSpec, handlers: DurableHandlers): DurableBinding {
    this.durable = { spec, handlers };
    return {
      close: () => {
        this.durable = null;
      },
      rebind: () => {
        this.rebinds += 1;
      },
    };
  }

  async objectsPresent(_bucket: string, names: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(names.filter((name) => this.objects.has(name)));
  }

  async objectStat(_bucket: string, name: string): Promise<ObjectStat> {
    const read = this.objects.get(name) ?? { kind: 'absent' };
    if (read.kind !== 'value') return read;
    const sha256 = createHash('sha256').update(read.body).digest('hex');
    return { kind: 'value', sizeBytes: read.body.length, sha256, start: { nuid: name, sequence: 0 } };
  }

  /** Pieces of 1,000 bytes; the place is the number of them. */
  async objectPiece(_bucket: string, { nuid, sequence }: ObjectPlace): Promise<ObjectPiece> {
    const read = this.objects.get(nuid) ?? { kind: 'absent' };
    if (read.kind !== 'value') return read;
    const body = read.body.subarray(sequence * 1_000, (sequence + 1) * 1_000);
    return body.length === 0 ? { kind: 'absent' } : { kind: 'value', body, next: { nuid, sequence: sequence + 1 } };
  }

  async objectGet(
    _bucket: string,
    name: string,
    _maxBytes: number,
    signal: AbortSignal,
    from?: ObjectPart,
  ): Promise<ObjectRead> {
    const read = Promise.resolve(this.onObjectGet(name, from));
    return orAbort(read, signal).catch((error) => ({ kind: 'failed', why: errorText(error), mayPass: true }));
  }

  reconnect(): void {}
  start(): void {}
  async close(): Promise<void> {}
}

function status(state: LinkStatus['state'], sinceMs: number): LinkStatus {
  return {
    state,
    sinceMs,
    lastGoodAtMs: sinceMs,
    server: null,
    why: null,
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
  };
}

function matches(pattern: string, subject: string): boolean {
  const tokens = subject.split('.');
  const parts = pattern.split('.');
  if (parts.at(-1) === '>') return tokens.length >= parts.length && parts.slice(0, -1).every((p, i) => p === tokens[i]);
  return parts.length === tokens.length && parts.every((part, index) => part === '*' || part === tokens[index]);
}
