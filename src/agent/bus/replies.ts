/**
 * Answers to the requests of one connection. All share one subscription; the client library does that too, but makes two timers
 * and an error with its stack for each request, also for one that is answered. Invariant: a request ends once, whatever comes.
 */
import { errors, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { secretToken } from './inboxes.ts';
import type { Violation } from './permissions.ts';

export interface Asked {
  /** Rejects where nobody listens, where the broker refuses it, or with the end of the connection. Waits without a limit. */
  readonly answer: Promise<Msg>;
  /** Nobody waits for it any more: it rejects, where it has not ended before, and an answer that comes later is nobody's. */
  readonly forget: () => void;
}

interface Pending {
  readonly subject: string;
  readonly resolve: (answer: Msg) => void;
  readonly reject: (error: Error) => void;
}

export class Replies {
  readonly #nc: NatsConnection;
  readonly #inbox: string;
  /** Oldest first. */
  readonly #pending = new Map<string, Pending>();
  #listening = false;

  /** `inbox`: where the answers come to, below it. */
  constructor(nc: NatsConnection, inbox: string) {
    this.#nc = nc;
    this.#inbox = inbox;
  }

  /** @throws what the library says of a subject or a body that can't be sent */
  ask(subject: string, body: Uint8Array | string): Asked {
    this.#listen();
    const token = secretToken();
    const { promise, resolve, reject } = Promise.withResolvers<Msg>();
    // Nobody may be waiting any more.
    promise.catch(() => {});
    this.#pending.set(token, { subject, resolve, reject });
    const forget = () => {
      if (this.#pending.delete(token)) reject(new Error('given up'));
    };
    try {
      this.#nc.publish(subject, body, { reply: `${this.#inbox}.${token}` });
    } catch (error) {
      forget();
      throw error;
    }
    return { answer: promise, forget };
  }

  /** The broker has refused something: one message at a time, so the oldest request on that subject is the one. */
  refused(violation: Violation): void {
    if (violation.operation !== 'publish') return;
    for (const [token, { subject, reject }] of this.#pending) {
      if (subject !== violation.subject) continue;
      this.#pending.delete(token);
      reject(violation);
      return;
    }
  }

  /** The connection has ended. */
  end(error: Error): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of all) reject(error);
  }

  #listen(): void {
    if (this.#listening) return;
    this.#nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, answer) => {
        if (error === null) return this.#answered(answer);
        // Refused, or taken back: nothing of what is under way can be heard, and the next request asks again.
        this.#listening = false;
        this.end(error);
      },
    });
    this.#listening = true;
  }

  #answered(answer: Msg): void {
    const token = answer.subject.slice(this.#inbox.length + 1);
    const pending = this.#pending.get(token);
    if (pending === undefined) return;
    this.#pending.delete(token);
    const hasNobody = answer.data.length === 0 && answer.headers?.code === 503;
    if (hasNobody) pending.reject(new errors.NoRespondersError(pending.subject));
    else pending.resolve(answer);
  }
}
