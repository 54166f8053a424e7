/**
 * Tells what somebody has sent from what the broker has answered somebody. NATS checks on which subject a client publishes, and not
 * which one it names for the answer: whoever may ask JetStream for anything has the broker say the answer on any subject, in words of
 * their choice where it is a message of theirs. Invariant: no such answer is a command, a kill, a request or a value (threat-model §2).
 */
import type { MsgHdrs } from '@nats-io/transport-node';
import { errorText } from '../../base/logger.ts';

interface Received {
  readonly headers?: MsgHdrs | undefined;
  readonly data: Uint8Array;
}

/** What a direct get adds to the message that was asked for, and a stream that stores the answer keeps. */
const OF_A_DIRECT_GET = ['Nats-Stream', 'Nats-Subject', 'Nats-Sequence', 'Nats-Time-Stamp'];
/** How nats-server's other answers begin: those of the JetStream API, a PubAck, and what it says of itself. No message of a fleet does. */
const BEGINNINGS = ['{"type":"io.nats.jetstream.', '{"stream":"', '{"error":{"code":', '{"server":{'].map((text) =>
  Buffer.from(text),
);

/** Why this is an answer to somebody and no message of anybody; null: it is one. */
export function whyReflected(message: Received): string | null {
  return whyOfHeaders(message, 0) ?? whyOfBody(message);
}

/** The same for what comes live: a consumer says where it wants its acknowledgement, and delivers where whoever has made it says. */
export function whyReflectedLive(message: Received & { readonly reply?: string }): string | null {
  if (message.reply?.startsWith('$JS.ACK.') === true) return 'it is what a consumer delivers to somebody';
  return whyReflected(message);
}

/** The same for what was stored, in the answer to our own direct get for it: that one has put each of its headers there once. */
export function whyReflectedInDirectGet(message: Received): string | null {
  return whyOfHeaders(message, 1) ?? whyOfBody(message);
}

/** The same for stored headers, as bytes. */
export function areReflectedHeaders(bytes: Buffer): boolean {
  return (
    OF_A_DIRECT_GET.some((name) => bytes.includes(`\n${name}:`)) ||
    /^NATS\/1\.0[^\r\n]*\d/.test(bytes.toString('latin1', 0, 64))
  );
}

function whyOfHeaders(message: Received, own: number): string | null {
  try {
    const { headers } = message;
    if (headers === undefined) return null;
    if (headers.code !== 0) return `it is a status of the broker (${headers.code})`;
    const name = OF_A_DIRECT_GET.find((one) => headers.values(one).length > own);
    return name === undefined ? null : `it has the header ${name} of an answer`;
  } catch (error) {
    // They may be written so that they hide what the broker has added to them.
    return `its headers can not be read: ${errorText(error)}`;
  }
}

function whyOfBody({ data }: Received): string | null {
  const isAnswer = BEGINNINGS.some((beginning) => beginning.equals(data.subarray(0, beginning.length)));
  return isAnswer ? 'its text is an answer of the broker' : null;
}
