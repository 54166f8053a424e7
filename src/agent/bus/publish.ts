/**
 * Publishing into a stream. What it answers decides whether a result is kept, cut, parked or sent again, so a reason counts
 * against the message only where it can be no other's. A message is sent once: its PubAck is waited for from the moment when
 * the broker has read it, and one that comes later still counts.
 */
import { errors, headers, type Msg } from '@nats-io/transport-node';
import { errorText, type Logger } from '../../base/logger.ts';
import { API_ERRORS, ApiError, jsonOf, throwApiError } from './api.ts';
import type { BrokerConnection } from './broker-connection.ts';
import type { PublishOptions, PublishOutcome } from './bus.ts';
import { secretToken } from './inboxes.ts';
import { INBOXES, InboxRefused } from './permissions.ts';

/** So many messages without a PubAck are listened for; the oldest that were given up go first. */
const LISTENED_MAX = 4_096;
/** Mostly the PubAck is here by then, and nobody has to ask whether the broker has read the message. */
const READ_AFTER_MS = 250;
/** nats-server ends the connection over a command line of more than 4,096 bytes, the names of reply and sizes included. */
const SUBJECT_MAX_BYTES = 3_000;

const FULL = new Set<number>([
  API_ERRORS.accountFull,
  API_ERRORS.serverFull,
  API_ERRORS.memoryFull,
  API_ERRORS.storageFull,
]);
const TOO_LARGE = new Set<number>([API_ERRORS.messageTooLarge, API_ERRORS.headerTooLarge]);

interface Sent {
  readonly subject: string;
  readonly bytes: number;
  /** Monotonic, ms. */
  readonly atMs: number;
  readonly options: PublishOptions;
  readonly settle: (outcome: PublishOutcome) => void;
  /** Its publisher has been answered; what comes now is late. */
  settled: boolean;
}

/**
 * The messages of one connection that wait for their PubAck. All share one subscription, and those that were sent together one
 * PING and one timer: at thousands a second a request of its own for each would cost more than the sending.
 */
export class PubAcks {
  readonly connection: BrokerConnection;
  readonly #log: Logger;
  readonly #inbox: string;
  readonly #sent = new Map<string, Sent>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #unread: Sent[] = [];
  #flushing = false;
  #listening = false;

  constructor(connection: BrokerConnection, log: Logger) {
    this.connection = connection;
    this.#log = log;
    this.#inbox = connection.newInbox();
    connection.onPublishRefused((subject) => this.#refused(subject));
    const onEnd = () => this.#ended(errorText(connection.signal.reason));
    if (connection.signal.aborted) onEnd();
    else connection.signal.addEventListener('abort', onEnd, { once: true });
  }

  /** Never rejects. */
  publish(subject: string, body: Uint8Array, id: string, options: PublishOptions): Promise<PublishOutcome> {
    const { permissions, nc, signal } = this.connection;
    if (!isPublishable(subject)) return Promise.resolve({ kind: 'rejected', why: 'it has no subject to publish on' });
    if (permissions.has('publish', subject) && !permissions.mayAskAgain('publish', subject)) {
      return Promise.resolve(forbidden(subject));
    }
    if (permissions.has('subscription', INBOXES)) return Promise.resolve(unavailable(new InboxRefused().message));
    if (signal.aborted) return Promise.resolve({ kind: 'lost', why: errorText(signal.reason) });
    const fields = headers();
    fields.set('Nats-Msg-Id', id);
    const token = secretToken();
    try {
      this.#listen();
      nc.publish(subject, body, { reply: `${this.#inbox}.${token}`, headers: fields });
    } catch (error) {
      return Promise.resolve(unsent(error));
    }
    return new Promise((settle) => {
      const sent = { subject, bytes: body.length, atMs: performance.now(), options, settle, settled: false };
      this.#sent.set(token, sent);
      this.#unread.push(sent);
      this.#readSoon();
      if (this.#sent.size > LISTENED_MAX) this.#forgetOldest();
    });
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.connection.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) return this.#answered(message);
        // Refused, or taken back: nothing of what is under way can be heard, and the next message asks again.
        this.#listening = false;
        this.#giveUp(unavailable(new InboxRefused().message));
      },
    });
  }

  #answered(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const sent = this.#sent.get(token);
    if (sent === undefined) return;
    this.#sent.delete(token);
    this.connection.answered(sent.bytes, performance.now() - sent.atMs);
    this.connection.permissions.allowed('publish', sent.subject);
    this.#settle(sent, outcomeOf(message));
  }

  /** The first answer counts; a PubAck that comes after it is late. */
  #settle(sent: Sent, outcome: PublishOutcome): void {
    if (!sent.settled) {
      sent.settled = true;
      sent.settle(outcome);
      return;
    }
    if (outcome.kind !== 'stored') return;
    try {
      sent.options.onLate?.();
    } catch (error) {
      this.#log.error('a late PubAck could not be noted', { error: errorText(error) });
    }
  }

  /** One PING for everything that was sent and not answered at once, and none while one is under way. */
  #readSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const batch = this.#unread.filter(({ settled }) => !settled);
      this.#unread = [];
      if (batch.length === 0) {
        this.#flushing = false;
        return;
      }
      // Never rejects.
      void this.connection.flush({ measures: true }).then((read) => {
        this.#flushing = false;
        if (read) this.#beginPatience(batch);
        if (this.#unread.length > 0) this.#readSoon();
      });
    }, READ_AFTER_MS);
    this.#timers.add(timer);
  }

  /** The broker has read them: from now on the PubAcks may take so long. */
  #beginPatience(batch: readonly Sent[]): void {
    const waiting = batch.filter(({ settled }) => !settled);
    if (waiting.length === 0) return;
    const patienceMs = Math.min(...waiting.map(({ options }) => options.patienceMs));
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      for (const sent of waiting) if (!sent.settled) this.#settle(sent, unavailable('the broker has not confirmed it'));
    }, patienceMs);
    this.#timers.add(timer);
  }

  #refused(subject: string): void {
    for (const [token, sent] of this.#sent) {
      if (sent.subject !== subject) continue;
      this.#sent.delete(token);
      this.#settle(sent, forbidden(subject));
    }
  }

  #ended(why: string): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#giveUp({ kind: 'lost', why });
  }

  #giveUp(outcome: PublishOutcome): void {
    const all = [...this.#sent.values()];
    this.#sent.clear();
    for (const sent of all) this.#settle(sent, outcome);
  }

  #forgetOldest(): void {
    for (const [token, { settled }] of this.#sent) {
      if (!settled) continue;
      this.#sent.delete(token);
      return;
    }
  }
}

/** A subject of a message, not a pattern. */
function isPublishable(subject: string): boolean {
  if (Buffer.byteLength(subject) > SUBJECT_MAX_BYTES) return false;
  return subject.split('.').every((token) => token !== '*' && token !== '>' && /^[^\s\0]+$/.test(token));
}

function outcomeOf(answer: Msg): PublishOutcome {
  if (answer.data.length === 0 && answer.headers?.code === 503) return unavailable('there is no stream for it');
  try {
    const said = jsonOf(answer);
    throwApiError(said);
    // Anybody may listen on a subject and answer; only a stream says where it has put the message.
    if (typeof said.stream !== 'string' || typeof said.seq !== 'number')
      return unavailable('what answered is no stream');
    return { kind: 'stored' };
  } catch (error) {
    return refusedByStream(error);
  }
}

function refusedByStream(error: unknown): PublishOutcome {
  const why = errorText(error);
  if (!(error instanceof ApiError)) return unavailable(why);
  if (TOO_LARGE.has(error.errCode)) return { kind: 'too_large', why };
  if (FULL.has(error.errCode)) return unavailable(why, true);
  if (error.errCode === API_ERRORS.storeFailed) {
    // The words of nats-server's store (`ErrMsgTooLarge`, `ErrMaxMsgs`, `ErrMaxBytes`).
    if (why === 'message to large') return { kind: 'too_large', why };
    return unavailable(why, why === 'maximum messages exceeded' || why === 'maximum bytes exceeded');
  }
  // Whatever else a stream says is about itself or its cluster; what is about headers is about some that we never send.
  return unavailable(why);
}

/** Why the client has not even sent it. */
function unsent(error: unknown): PublishOutcome {
  const why = errorText(error);
  if (error instanceof errors.InvalidSubjectError) return { kind: 'rejected', why };
  // It knows the server's limit.
  if (error instanceof errors.InvalidArgumentError && why.includes('max_payload')) return { kind: 'too_large', why };
  return unavailable(why);
}

function unavailable(why: string, full = false): PublishOutcome {
  return { kind: 'unavailable', full, why };
}

function forbidden(subject: string): PublishOutcome {
  return { kind: 'forbidden', why: `the permissions of the broker forbid publishing on ${subject}` };
}
