/**
 * Where the broker's answers and deliveries come to. Many a role lets each PC listen to all inboxes, and whoever may ask the broker for
 * something may name the inbox of another. Invariants: those of a PC lie below a subject of its own, so that a role can keep others from
 * listening; no inbox of one answer can be guessed before it is there; what comes to one that lasts counts only as far as it says by
 * itself that it is what was asked for.
 */
import type { Msg } from '@nats-io/transport-node';
import { nameOf } from '../../shared/ids.ts';

/** Below it lie all inboxes of this PC. */
export function inboxesOf(pcId: string): string {
  return `_INBOX.${nameOf(pcId)}`;
}

/** One of them, of which nobody else knows. */
export function newInbox(pcId: string): string {
  return `${inboxesOf(pcId)}.${secretToken()}`;
}

/** What nobody guesses. One is made for each message that is sent, and a UUID costs a twentieth of random bytes of one's own. */
export function secretToken(): string {
  return crypto.randomUUID();
}

export interface OfConsumer {
  readonly stream: string;
  readonly consumer: string;
}

export interface Delivery extends OfConsumer {
  readonly streamSequence: number;
  readonly consumerSequence: number;
}

/** What `$JS.ACK.<stream>.<consumer>.<n>.<stream seq>.<consumer seq>.<time>.<pending>` says; null: it is none. */
export function deliveryOf(reply: Msg['reply']): Delivery | null {
  const tokens = reply?.split('.') ?? [];
  const at = streamAt(tokens);
  if (at === null || tokens[1] !== 'ACK') return null;
  const [stream = '', consumer = '', , streamSequence, consumerSequence] = tokens.slice(at);
  return { stream, consumer, streamSequence: Number(streamSequence), consumerSequence: Number(consumerSequence) };
}

/** Whose flow an answer to `$JS.FC.<stream>.<consumer>.<token>` lets go on; null: it is none. */
export function flowControlOf(reply: Msg['reply']): OfConsumer | null {
  const tokens = reply?.split('.') ?? [];
  const at = streamAt(tokens);
  if (at === null || tokens[1] !== 'FC') return null;
  const [stream = '', consumer = ''] = tokens.slice(at);
  return { stream, consumer };
}

/** So many tokens have they from the stream on, at least. */
const FROM_STREAM_ON = new Map([
  ['ACK', 7],
  ['FC', 3],
]);

/**
 * Where the stream stands in `$JS.ACK.…` and `$JS.FC.…`, the consumer after it: newer servers put a domain (`_`: none) and the hash of
 * the account before both (nats-server's `js_ack_fc_v2`). null: it is neither.
 */
export function streamAt([root, kind = '', ...tokens]: readonly string[]): 2 | 4 | null {
  const fewest = FROM_STREAM_ON.get(kind);
  if (root !== '$JS' || fewest === undefined) return null;
  return tokens.length >= fewest + 2 ? 4 : 2;
}

/** Whether a message of `subject` can be one of a subscription to `pattern`: a push consumer delivers any message to any subject. */
export function isSubjectOf(pattern: string, subject: string): boolean {
  if (subject === pattern) return true;
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  if (wanted.at(-1) === '>') return tokens.length >= wanted.length && wanted.slice(0, -1).every(isTokenAt);
  return tokens.length === wanted.length && wanted.every(isTokenAt);

  function isTokenAt(token: string, at: number): boolean {
    return token === '*' || token === tokens[at];
  }
}
