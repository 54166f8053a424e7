/**
 * Core subscriptions, kept up like everything else: made again on each connection, before anybody hears of it, and asked for
 * again where the broker refuses them or takes them back, since its permissions may be changed under a live connection.
 */
import type { Msg, Subscription } from '@nats-io/transport-node';
import { type BackoffPolicy, backoffMs } from '../../base/backoff.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import { aborted } from '../../base/waiting.ts';
import type { BrokerConnection } from './broker-connection.ts';
import type { Binding, BusMessage } from './bus.ts';
import { headersOf } from './headers.ts';
import { isSubjectOf } from './inboxes.ts';
import type { Permissions } from './permissions.ts';
import { whyReflectedLive } from './reflected.ts';
import { sends } from './sends.ts';

const REFUSED_BACKOFF: BackoffPolicy = { minMs: 30_000, maxMs: 60_000, jitter: 0.5 };

export interface Wanted {
  readonly subject: string;
  readonly handler: (message: BusMessage) => void;
  readonly onRefused?: ((why: string) => void) | undefined;
  /** May well be refused: tried once per connection, and not shown as forbidden. */
  readonly optional?: boolean;
}

interface Kept extends Wanted {
  readonly closing: AbortController;
  live: Subscription | null;
}

export class Subscriptions {
  readonly #kept = new Set<Kept>();
  readonly #permissions: Permissions;
  readonly #log: Logger;
  readonly #backoff: BackoffPolicy;

  constructor(permissions: Permissions, log: Logger, backoff: BackoffPolicy = REFUSED_BACKOFF) {
    this.#permissions = permissions;
    this.#log = log;
    this.#backoff = backoff;
  }

  /** Closed, it brings nothing more from that moment on. */
  add(wanted: Wanted, connection: BrokerConnection | null): Binding {
    const kept: Kept = { ...wanted, closing: new AbortController(), live: null };
    if (wanted.optional) this.#permissions.expectRefusal('subscription', wanted.subject);
    this.#kept.add(kept);
    if (connection !== null) this.#keep(kept, connection);
    return {
      close: () => {
        this.#kept.delete(kept);
        kept.live?.unsubscribe();
        kept.closing.abort(new Error('closed'));
      },
    };
  }

  /** Asks for all of them; when this returns they are on their way to the server. */
  bind(connection: BrokerConnection): void {
    for (const kept of this.#kept) this.#keep(kept, connection);
  }

  #keep(kept: Kept, connection: BrokerConnection): void {
    drop(this.#loop(kept, connection), this.#log, `the subscription to ${kept.subject}`);
  }

  /** Until the connection ends or the subscription is closed. The first one is asked for before this first waits. */
  async #loop(kept: Kept, connection: BrokerConnection): Promise<void> {
    const signal = AbortSignal.any([connection.signal, kept.closing.signal]);
    let attempt = 0;
    let told = false;
    while (!signal.aborted && !connection.nc.isClosed()) {
      const refused = new AbortController();
      const live = this.#listen(kept, connection, refused);
      kept.live = live;
      const works = connection.flush().then((read) => {
        // The server answers in order: no refusal until now is none.
        if (!read || refused.signal.aborted) return;
        attempt = 0;
        told = false;
        this.#permissions.allowed('subscription', kept.subject);
      });
      drop(works, this.#log, `asking for ${kept.subject}`);
      await aborted(AbortSignal.any([signal, refused.signal]));
      live.unsubscribe();
      if (signal.aborted) return;
      // The library has forgotten a subscription that was refused, the next one is a new one.
      this.#permissions.refused('subscription', kept.subject);
      if (!told) kept.onRefused?.(errorText(refused.signal.reason));
      told = true;
      if (kept.optional) return;
      await sleep(backoffMs(this.#backoff, attempt++), signal).catch(() => {});
    }
  }

  #listen(kept: Kept, connection: BrokerConnection, refused: AbortController): Subscription {
    return connection.nc.subscribe(kept.subject, {
      callback: (error, message) => {
        if (error !== null) return refused.abort(error);
        if (!isSubjectOf(kept.subject, message.subject)) return;
        const why = whyReflectedLive(message);
        if (why !== null) {
          this.#log.warn('an answer of the broker came as a message, and is left out', {
            subject: message.subject,
            why,
          });
          return;
        }
        // A handler's error must not reach the client library: it would end the connection (invariant 11).
        try {
          kept.handler(receivedOver(connection, message, this.#log));
        } catch (thrown) {
          this.#log.error('a message could not be handled', { subject: message.subject, error: errorText(thrown) });
        }
      },
    });
  }
}

function receivedOver(connection: BrokerConnection, message: Msg, log: Logger): BusMessage {
  const { subject, data, reply } = message;
  return {
    subject,
    data,
    ...(reply === undefined ? {} : { reply }),
    header: headersOf(message),
    respond: (answer) => {
      const sent = sends(() => message.respond(answer), subject, log);
      if (sent && reply !== undefined) connection.published(reply);
      return sent;
    },
  };
}
