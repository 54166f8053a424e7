/**
 * The broker as the rest of the agent sees it: narrow, and always there. Every binding (subscription, watch, consumer) is
 * asked for once and then kept up by the implementation: bound when its stream or bucket appears, bound again on loss
 * (invariant 10). Nothing is ever buffered while disconnected: what matters goes through the outbox.
 */
import type { Watched } from '../../base/watched.ts';
import type { KvKey } from '../../shared/ids.ts';
import type { ConnectionState } from '../../shared/states.ts';
import type { HeaderLookup } from './headers.ts';

export interface LinkStatus {
  readonly state: ConnectionState;
  /** Since when it has been in this state, ms since the epoch. */
  readonly sinceMs: number;
  /** The last confirmed round trip when it got into this state; null: never connected. See `Bus.lastGoodAtMs`. */
  readonly lastGoodAtMs: number | null;
  readonly server: string | null;
  /** Why it is not connected, in words for the log and the helpdesk; null while connected. */
  readonly why: string | null;
  /** The server's limit for one message, bytes. */
  readonly maxPayloadBytes: number;
}

/** The limit until a server has named its own (nats-server's default). */
export const DEFAULT_MAX_PAYLOAD_BYTES = 1_048_576;

/** A received message. `data` is the payload exactly as it came. */
export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string;
  /** The first header of this name, by its exact case; null: there is none. Absent: there are no headers. */
  readonly header?: HeaderLookup;
  /** False: not sent; it may be larger than the broker takes. */
  respond(data?: Uint8Array): boolean;
}

/** A message of the durable consumer; redelivered until acknowledged. */
export interface DurableMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** When the broker stored it, by its own clock, ms since the epoch. */
  readonly storedAtMs: number;
  /** As of {@link BusMessage}. */
  readonly header?: HeaderLookup;
  ack(): void;
  /** Not now: to be delivered again after `delayMs`. */
  nak(delayMs: number): void;
}

export interface Binding {
  close(): void;
}

export interface SubscribeOptions {
  /** The broker may well refuse it, and that is no error: it is asked for once per connection, and not shown as forbidden. */
  readonly optional?: boolean;
}

export type PublishOutcome =
  | { readonly kind: 'stored' }
  /** There is no connection, or it ended first: nothing is known of the message. */
  | { readonly kind: 'lost'; readonly why: string }
  /** Nothing is wrong with the message: the link, the stream, the account or the server is the reason. `full`: no room there. */
  | { readonly kind: 'unavailable'; readonly full: boolean; readonly why: string }
  /** The broker's permissions forbid the subject: final until the next connect. */
  | { readonly kind: 'forbidden'; readonly why: string }
  /** Larger than the stream or the server takes. */
  | { readonly kind: 'too_large'; readonly why: string }
  /** The server will never take this message, whatever its size. */
  | { readonly kind: 'rejected'; readonly why: string };

export interface PublishOptions {
  /**
   * How long the PubAck may take once the broker has read the message. How long that takes is the link's business: on a slow
   * one it is waited for as long as bytes move.
   */
  readonly patienceMs: number;
  /** The PubAck came after all, when the publish had already been called `unavailable`. At most once. */
  readonly onLate?: () => void;
}

export type KvRead =
  | { readonly kind: 'value'; readonly value: Uint8Array; readonly revision: number }
  | { readonly kind: 'absent'; readonly revision: number }
  | { readonly kind: 'no_bucket' }
  | { readonly kind: 'failed'; readonly why: string };

/** Stands for a value that nobody has put there: what the key was is not known, nor that it is gone. It can't be read as anything. */
export const NO_VALUE = new Uint8Array();

/** One key's present value; `value` null: deleted. {@link NO_VALUE}: it is overwritten by something that is no value. */
export interface KvChange {
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly revision: number;
}

export interface KvWatchHandlers {
  /** A watch begins, with all present values: after a connect, a loss, or to read all of it now and then. */
  begin(): void;
  /** A key changed, or its value at the start of the watch. In order of revision. */
  change(change: KvChange): void;
  /** The values present at the start have all been given; the keys that were not among them do not exist. */
  current(): void;
  /** The bucket does not exist (yet), or not for us. */
  missing(): void;
}

/**
 * How soon a publish that was refused is tried again on the same connection: the broker says nothing when it permits more, and
 * writes a line into its log whenever it refuses.
 */
export const ASK_AGAIN_MS = 300_000;

export interface DurableSpec {
  readonly stream: string;
  readonly durable: string;
  readonly pcId: string;
  /** Read again at each binding. */
  filterSubjects(): readonly string[];
  /** For a first creation only, and asked at it: `deliver_policy` can't be changed afterwards. */
  deliver(): 'last_per_subject' | 'new';
  /**
   * A fresh name for this binding, already stored: it goes into the consumer's metadata before anything is taken from it. What
   * the consumer says at the next binding must be known here, else this store is an older copy. `found`: the one that it holds.
   * null: that one stays.
   */
  nextIncarnation(found: string | null): Promise<string | null>;
  knowsIncarnation(incarnation: string): boolean;
  /** The role keeps the consumer to IT, so it holds this name for good (null: none): what it says is known from now on. */
  keepsIncarnation(incarnation: string | null): Promise<void>;
}

export interface DurableHandlers {
  message(message: DurableMessage): void;
  /**
   * A later state of our store has used the consumer. Awaited before the consumer gets a new name: who is told must not forget it,
   * since the consumer says it only once.
   */
  olderCopy(): Promise<void>;
  /** The consumer is there, made or adopted, before its first message. `named`: it has our name; it may belong to another PC. */
  bound(named: boolean): void;
  /** The consumer belongs to another pc_id (`a.b` and `a_b` share a name, D22). */
  foreign(pcId: string): void;
}

export interface DurableBinding extends Binding {
  /** Applies changed filter subjects. */
  rebind(): void;
}

/** What was read of an object before its reading failed. It goes on behind that for whoever hands it back, one at a time. */
export interface ObjectPart {
  readonly readBytes: number;
  /** Of the whole object; so much is held in memory. */
  readonly sizeBytes: number;
}

export type ObjectRead =
  | { readonly kind: 'value'; readonly body: Uint8Array }
  | { readonly kind: 'absent' }
  /** `mayPass`: that is about the server or the way to it, not about the object; then `part` may have come already. */
  | { readonly kind: 'failed'; readonly why: string; readonly mayPass: boolean; readonly part?: ObjectPart };

/** What the store says of an object, unchecked. `sha256`: lower-case hex; null where it says none. `start`: before its first piece. */
export type ObjectStat =
  | {
      readonly kind: 'value';
      readonly sizeBytes: number;
      readonly sha256: string | null;
      readonly start: ObjectPlace;
    }
  | Exclude<ObjectRead, { kind: 'value' }>;

/** Between two pieces of an object. It holds for as long as nobody replaces the object, also in a later process. */
export interface ObjectPlace {
  readonly nuid: string;
  /** Of the piece before, in the stream; 0: there is none. */
  readonly sequence: number;
}

/** `absent`: there is no further one, or the object was replaced or deleted. */
export type ObjectPiece =
  | { readonly kind: 'value'; readonly body: Uint8Array; readonly next: ObjectPlace }
  | Exclude<ObjectRead, { kind: 'value' }>;

export interface Bus {
  readonly link: Watched<LinkStatus>;
  /** True once this process was connected, or every server was tried once and none took us. */
  readonly tried: Watched<boolean>;
  /** What the broker's permissions keep from us at present: subjects that were refused to publish on or to listen to, sorted. */
  readonly forbidden: Watched<readonly string[]>;
  /** The broker's own clock, ms since the epoch, as it was last heard and gone on since; null: never heard. */
  serverNowMs(): number | null;
  /** How long the link has not been known good: 0 while it is, Infinity if it never was in this process. Milliseconds. */
  linkAgeMs(): number;
  /** The last confirmed round trip until now, ms since the epoch; null: there was none. */
  lastGoodAtMs(): number | null;
  /** `onRefused`: the broker's permissions forbid it, or do so from now on. Called once until it works again; it is asked for again. */
  subscribe(
    subject: string,
    handler: (message: BusMessage) => void,
    onRefused?: (why: string) => void,
    options?: SubscribeOptions,
  ): Binding;
  /** Core publish. False: not connected, known to be forbidden, or more than the broker takes; nothing was sent. */
  publish(subject: string, body: Uint8Array): boolean;
  /** So many bytes may be under way to streams at a time, by what the link has shown; more would keep others waiting. */
  readonly windowBytes: number;
  /** JetStream publish: waits for the PubAck. `id` is the `Nats-Msg-Id`. */
  publishAcked(subject: string, body: Uint8Array, id: string, options: PublishOptions): Promise<PublishOutcome>;
  kvGet(bucket: string, key: KvKey, timeoutMs: number): Promise<KvRead>;
  kvWatch(bucket: string, keys: readonly string[], handlers: KvWatchHandlers): Binding;
  consume(spec: DurableSpec, handlers: DurableHandlers): DurableBinding;
  /** The names in `names` that exist in the object store. */
  objectsPresent(bucket: string, names: readonly string[]): Promise<ReadonlySet<string> | null>;
  objectStat(bucket: string, name: string, signal: AbortSignal): Promise<ObjectStat>;
  /** The piece behind `place`, unchecked; as large as whoever has put the object there has cut it. */
  objectPiece(bucket: string, place: ObjectPlace, signal: AbortSignal): Promise<ObjectPiece>;
  /**
   * The whole object, its digest checked. It may take as long as the link needs for it: what is limited is the silence. `from`: what
   * an earlier reading got; where the object is another by now it begins again.
   */
  objectGet(
    bucket: string,
    name: string,
    maxBytes: number,
    signal: AbortSignal,
    from?: ObjectPart,
  ): Promise<ObjectRead>;
  /** Connects again, for example after the PC woke up. */
  reconnect(): void;
  start(): void;
  close(): Promise<void>;
}
