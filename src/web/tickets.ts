/**
 * Who may see the page. A ticket stands in the address that we print and is good for one visit; it is turned into a cookie
 * of the browser at once, so that it is neither in the address bar nor of use to whoever finds it in a history. A browser gives the
 * cookie to every port of this PC, also to one where another account listens: so the page has a key besides, which only it knows,
 * and without which the agent is not reached.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';

const TICKET_BYTES = 32;
/** More browsers than a person uses; the oldest one has to be opened again. */
const MAX_SESSIONS = 16;

export class Tickets {
  #ticket = newSecret();
  readonly #sessions: Session[] = [];

  /** The one that is good now. */
  get ticket(): string {
    return this.#ticket;
  }

  /** Takes a ticket; the session that it was good for, or null. Another ticket is good from then on. */
  redeem(ticket: string): Session | null {
    if (!same(ticket, this.#ticket)) return null;
    this.#ticket = newSecret();
    const session = { cookie: newSecret(), key: newSecret() };
    this.#sessions.push(session);
    if (this.#sessions.length > MAX_SESSIONS) this.#sessions.shift();
    return session;
  }

  isSession(cookie: string | undefined): boolean {
    return this.#sessionOf(cookie) !== undefined;
  }

  isPage(cookie: string | undefined, key: string | undefined): boolean {
    const session = this.#sessionOf(cookie);
    return session !== undefined && key !== undefined && same(key, session.key);
  }

  #sessionOf(cookie: string | undefined): Session | undefined {
    return cookie === undefined ? undefined : this.#sessions.find((known) => same(cookie, known.cookie));
  }
}

export interface Session {
  readonly cookie: string;
  readonly key: string;
}

function newSecret(): string {
  return randomBytes(TICKET_BYTES).toString('hex');
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
