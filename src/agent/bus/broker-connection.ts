/**
 * One connection to one server, from its sign-in to its end. The library's own reconnect stays off: a new connection is a
 * new sign-in with secrets read again, a new classification of the failure, and one way to bind things, not two.
 */
import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { errors, type NatsConnection, type ServerInfo } from '@nats-io/transport-node';
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { clampTimerMs, sleep } from '../../base/sleep.ts';
import { orAbort } from '../../base/waiting.ts';
import { CONNECT_TIMEOUT_MS, type DialOptions, dial } from './dial.ts';
import type { Dialled } from './dialled.ts';
import { Downlink } from './downlink.ts';
import { newInbox } from './inboxes.ts';
import { inTime, type Traffic } from './late-answer.ts';
import type { Named, Server } from './peers.ts';
import { INBOXES, InboxRefused, type Permissions, samePermission, violationOf } from './permissions.ts';
import { NAMED_BEFORE_TLS } from './portioned-connect.ts';
import { Replies } from './replies.ts';
import type { ServerClock } from './server-clock.ts';
import { Uplink } from './uplink.ts';

const PING_INTERVAL_MS = 20_000;
/** Two missed answers end the link: a half-open one is noticed within 60 s (protocol §11.2). */
const MAX_PINGS_OUT = 2;
const NOBODY: Named = { names: [], proven: false };
const REFUSAL_HANDED_ON_MS = 50;
/** Time-outs are whole steps of it: timers of one length share their place, and an answer is mostly there long before. */
const LIMIT_STEP_MS = 50;

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** About so large will the answer be, where it may be large: the time that it needs by itself is no part of the time-out. */
  readonly answerBytes?: number;
}

export interface BrokerConnectionOptions extends DialOptions {
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly permissions: Permissions;
  readonly log: Logger;
  readonly pingIntervalMs?: number;
}

export class BrokerConnection {
  readonly at: Server;
  /** `host:port`. */
  readonly server: string;
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly serverClock: ServerClock;
  readonly permissions: Permissions;
  /** Aborted when the connection has ended; the reason says why. */
  readonly signal: AbortSignal;
  /** Resolves when the connection has ended, with the error that ended it. Never rejects. */
  readonly ended: Promise<Error | null>;
  readonly #dialled: Dialled;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #uplink: Uplink;
  readonly #downlink: Downlink;
  readonly #pcId: string;
  readonly #replies: Replies;
  readonly #pingIntervalMs: number;
  readonly #traffic: Traffic;
  readonly #ending = new AbortController();
  /** Kept here: the library forgets them with the connection, and then they are needed. */
  #peers: Named = NOBODY;
  /** The last answer: for display by the time of day, which may be changed, and for durations. */
  #lastGood: { readonly atMs: number; readonly upMs: number };
  readonly #onRefused = new Set<(subject: string) => void>();
  /** Pings since the server was heard last. */
  #pingsSince = 0;
  /** What had come at the last ping. */
  #inBytes = 0;

  private constructor(at: Server, dialled: Dialled, options: BrokerConnectionOptions) {
    const { nc } = dialled;
    this.at = at;
    this.server = at.url.host;
    this.nc = nc;
    this.#dialled = dialled;
    // Without the request for the account, which the role of an agent is refused (protocol §11.3).
    this.js = jetstream(nc, { checkAPI: false });
    this.serverClock = options.serverClock;
    this.permissions = options.permissions;
    this.signal = this.#ending.signal;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#uplink = new Uplink(options.clock, () => nc.stats().outBytes);
    this.#downlink = new Downlink(options.clock);
    this.#pcId = options.pcId;
    this.#replies = new Replies(nc, this.newInbox());
    this.#traffic = { inBytes: dialled.inBytes, flush: () => this.flush() };
    const onEnd = () => this.#replies.end(new errors.ClosedConnectionError());
    this.signal.addEventListener('abort', onEnd, { once: true });
    this.#pingIntervalMs = options.pingIntervalMs ?? PING_INTERVAL_MS;
    this.#lastGood = this.#now();
    this.#notePeers();
    drop(this.#follow(), options.log, 'following the connection');
    const pings = setInterval(() => this.#ping(), this.#pingIntervalMs);
    this.signal.addEventListener('abort', () => clearInterval(pings), { once: true });
    this.ended = nc.closed().then((error) => {
      this.#ending.abort(new Error('the connection was closed'));
      return error instanceof Error ? error : null;
    });
  }

  /** One try at one server. Rejects with what went wrong, see `classify`. */
  static async open(server: Server, options: BrokerConnectionOptions): Promise<BrokerConnection> {
    return new BrokerConnection(server, await dial(server, options), options);
  }

  /** When the server last answered us, ms since the epoch. For display only. */
  get lastGoodAtMs(): number {
    return this.#lastGood.atMs;
  }

  /** The same on the scale of `Clock.upMs`. */
  get lastGoodUpMs(): number {
    return this.#lastGood.upMs;
  }

  /** False once an answer to a ping is overdue, long before the link is given up (D17). */
  get confirmed(): boolean {
    return this.#clock.upMs() - this.#lastGood.upMs < 2 * this.#pingIntervalMs + CONNECT_TIMEOUT_MS;
  }

  /** Servers that the cluster has told us of, as `host:port`. */
  get peers(): Named {
    return this.#peers;
  }

  /** A subject at which something can be heard that others do not know of. */
  newInbox(): string {
    return newInbox(this.#pcId);
  }

  /**
   * A request whose answer also proves the link. What is on its way before it on a slow link, in either direction, does not count
   * into the time-out. Rejects with the library's errors, with {@link InboxRefused}, or with the signal's reason.
   */
  async request(
    subject: string,
    body: Uint8Array | string,
    timeoutMs: number,
    { signal = this.signal, answerBytes = 0 }: RequestOptions = {},
  ) {
    if (this.permissions.has('subscription', INBOXES)) throw new InboxRefused();
    const expected = this.#downlink.expect(answerBytes);
    const downMs = answerBytes > 0 ? this.#downlink.excusedMs() : this.#downlink.neededMs();
    let hasCome = false;
    try {
      const limitMs = clampTimerMs(inSteps(timeoutMs + this.#uplink.neededMs() + downMs));
      const asked = this.#replies.ask(subject, body);
      const answer = await orAbort(inTime(asked.answer, limitMs, this.#traffic), signal).finally(asked.forget);
      hasCome = true;
      this.heard();
      this.permissions.allowed('publish', subject);
      return answer;
    } catch (error) {
      const violation = violationOf(error);
      if (violation !== null) this.permissions.refused(violation.operation, violation.subject);
      else if (isNoResponders(error)) this.permissions.allowed('publish', subject);
      throw error;
    } finally {
      expected(hasCome);
    }
  }

  /**
   * True once the broker has read everything sent so far; false when the connection ends before. Never rejects. `measures`:
   * right after something was sent.
   */
  async flush({ measures = false } = {}): Promise<boolean> {
    if (this.signal.aborted || this.nc.isClosed()) return false;
    const read = this.#uplink.mark(measures);
    try {
      await orAbort(this.nc.flush(), this.signal);
    } catch {
      return false;
    }
    read();
    this.heard();
    return true;
  }

  /** Whether the broker answers within this time, and what is on its way before. Never rejects. */
  async answersWithin(limitMs: number): Promise<boolean> {
    const late = AbortSignal.timeout(clampTimerMs(limitMs + this.#uplink.neededMs() + this.#downlink.neededMs()));
    return orAbort(this.flush(), late).catch(() => false);
  }

  /** Hears of each refused publish, until what is returned is called. */
  onPublishRefused(listener: (subject: string) => void): () => void {
    this.#onRefused.add(listener);
    return () => this.#onRefused.delete(listener);
  }

  /** Something was sent that nobody answers: where it was refused before, that it is not says that it is permitted by now. */
  published(subject: string): void {
    if (!this.permissions.mayAskAgain('publish', subject)) return;
    drop(this.#askAgain(subject), this.#log, 'asking for a permission again');
  }

  async #askAgain(subject: string): Promise<void> {
    // Of one kind no other is asked for meanwhile.
    this.permissions.refused('publish', subject);
    let refused = false;
    const stop = this.onPublishRefused((refusedSubject) => {
      refused ||= samePermission(refusedSubject, subject);
    });
    const read = await this.flush();
    // The refusal comes before the answer, and is handed on a little later.
    await sleep(REFUSAL_HANDED_ON_MS);
    stop();
    // Of a connection that has ended the next one may have been refused the same meanwhile.
    if (read && !refused && !this.signal.aborted) this.permissions.allowed('publish', subject);
  }

  /** An answer to a message of so many bytes is here after this time. */
  answered(bytes: number, tookMs: number): void {
    this.heard();
    this.#uplink.carried(bytes, tookMs);
  }

  /** So much may be under way at a time without others having to wait for long, by what this link has shown. */
  get windowBytes(): number {
    return this.#uplink.windowBytes;
  }

  close(why = 'the connection was closed'): void {
    this.#ending.abort(new Error(why));
    drop(this.nc.close(), this.#log, 'closing the connection');
    this.#dialled.giveUp();
  }

  #now() {
    return { atMs: this.#clock.nowMs(), upMs: this.#clock.upMs() };
  }

  /** The server has answered something. */
  heard(): void {
    this.#lastGood = this.#now();
    this.#pingsSince = 0;
  }

  async #follow(): Promise<void> {
    for await (const status of this.nc.status()) {
      // The server is about to go: leave before it does.
      if (status.type === 'ldm') {
        this.#notePeers();
        this.close('the server is about to stop');
      }
      if (status.type === 'error') {
        const violation = violationOf(status.error);
        if (violation !== null) {
          this.permissions.refused(violation.operation, violation.subject);
          this.#replies.refused(violation);
          if (violation.operation === 'publish') for (const listener of this.#onRefused) listener(violation.subject);
        } else this.#log.warn('the server reports an error', { error: errorText(status.error) });
      }
    }
  }

  #notePeers(): void {
    const info = this.nc.info as (ServerInfo & { readonly [NAMED_BEFORE_TLS]?: readonly string[] }) | undefined;
    if (info?.connect_urls !== undefined) this.#peers = { names: info.connect_urls, proven: true };
    else if (!this.#peers.proven) this.#peers = { names: info?.[NAMED_BEFORE_TLS] ?? [], proven: false };
  }

  /** A link that is busy with what it was given, or asked for, answers late, and lives. */
  #ping(): void {
    this.#notePeers();
    // Whatever comes shows that the link lives: on a slow one the answer to a ping is behind it. A round trip it is not.
    const inBytes = this.#dialled.inBytes();
    if (inBytes > this.#inBytes) this.#pingsSince = 0;
    this.#inBytes = inBytes;
    const excused = (this.#uplink.excusedMs() + this.#downlink.excusedMs()) / this.#pingIntervalMs;
    if (this.#pingsSince >= MAX_PINGS_OUT + excused) {
      this.close('it stopped answering');
      return;
    }
    this.#pingsSince += 1;
    drop(this.flush(), this.#log, 'a ping');
  }
}

function inSteps(ms: number): number {
  return Math.ceil(ms / LIMIT_STEP_MS) * LIMIT_STEP_MS;
}

export function isNoResponders(error: unknown): boolean {
  return (
    error instanceof errors.NoRespondersError ||
    (error instanceof errors.RequestError && error.cause instanceof errors.NoRespondersError)
  );
}
