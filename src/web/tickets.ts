/**
 * Who may see the page. A ticket stands in the address that we print and is good for one visit; it is turned into a cookie
 * of the browser at once, so that it is neither in the address bar nor of use to whoever finds it in a history.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';

const TICKET_BYTES = 32;
/** More browsers than a person uses; the oldest one has to be opened anew. */
const MAX_SESSIONS = 16;

export class Tickets {
  #ticket = newSecret();
  readonly #sessions: string[] = [];

  /** The one that is good now. */
  get ticket(): string {
    return this.#ticket;
  }

  /** Takes a ticket; the session that it was good for, or null. Another ticket is good from then on. */
  redeem(ticket: string): string | null {
    if (!same(ticket, this.#ticket)) return null;
    this.#ticket = newSecret();
    const session = newSecret();
    this.#sessions.push(session);
    if (this.#sessions.length > MAX_SESSIONS) this.#sessions.shift();
    return session;
  }

  isSession(session: string | undefined): boolean {
    return session !== undefined && this.#sessions.some((known) => same(session, known));
  }
}

function newSecret(): string {
  return randomBytes(TICKET_BYTES).toString('hex');
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
