/**
 * What the broker's permissions keep from us on this connection. One place for all that is refused: it is said once in the
 * log, it is shown, and it leaves when the same thing works again.
 */
import { errors } from '@nats-io/transport-node';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { WatchedCell } from '../../base/watched.ts';
import { ASK_AGAIN_MS } from './bus.ts';
import { streamAt } from './inboxes.ts';

/** What the client library makes of nats-server's error. */
export type Violation = InstanceType<typeof errors.PermissionViolationError>;
/** In the words of that error, lower case. */
export type Operation = 'publish' | 'subscription';

/** Where answers are heard: without it nothing that is asked for can be answered. */
export const INBOXES = '_INBOX.>';

/** A role that forbids results has one subject for each of them. */
const SHOWN_MAX = 100;

export class Permissions {
  readonly forbidden = new WatchedCell<readonly string[]>([]);
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #askAgainMs: number;
  /** Until when it is not asked again, monotonic ms. */
  readonly #refused = new Map<string, number>();
  readonly #optional = new Set<string>();

  constructor(clock: Clock, log: Logger, askAgainMs = ASK_AGAIN_MS) {
    this.#clock = clock;
    this.#log = log;
    this.#askAgainMs = askAgainMs;
  }

  /** This may well be refused from now on, or no longer: then that is neither shown nor warned of. */
  expectRefusal(operation: Operation, subject: string, isExpected = true): void {
    if (isExpected) this.#optional.add(keyOf(operation, subject));
    else this.#optional.delete(keyOf(operation, subject));
  }

  /** For a new connection: a new sign-in may have other rights. */
  reset(): void {
    this.#refused.clear();
    this.#show();
  }

  refused(operation: Operation, subject: string): void {
    const key = keyOf(operation, subject);
    if (subject === '') return;
    const known = this.#refused.has(key);
    const expected = this.#optional.has(key);
    if (!known && !expected && this.#refused.size >= SHOWN_MAX) return;
    const said = { operation, subject: pattern(subject) };
    if (expected) {
      this.#log.debug('the permissions of the broker forbid it', said);
      return;
    }
    this.#refused.set(key, this.#clock.monotonicMs() + this.#askAgainMs);
    if (known) return;
    this.#log.warn('the permissions of the broker forbid it', said);
    this.#show();
  }

  allowed(operation: Operation, subject: string): void {
    if (this.#refused.size === 0) return;
    this.#mayAskOf(operation, subject);
    if (!this.#refused.delete(keyOf(operation, subject))) return;
    this.#log.info('the permissions of the broker allow it again', { operation, subject: pattern(subject) });
    this.#show();
  }

  has(operation: Operation, subject: string): boolean {
    return this.#refused.size > 0 && this.#refused.has(keyOf(operation, subject));
  }

  /** One result that is permitted says that the others may be too: each of them has a subject of its own. */
  #mayAskOf(operation: Operation, subject: string): void {
    const kind = keyOf(operation, subject).split('.', 1)[0] ?? '';
    for (const key of this.#refused.keys()) if (key.startsWith(`${kind}.`)) this.#refused.set(key, 0);
  }

  /** What is refused may be tried once more by now: the role may have been changed while the connection lasts. */
  mayAskAgain(operation: Operation, subject: string): boolean {
    const untilMs = this.#refused.get(keyOf(operation, subject));
    return untilMs !== undefined && this.#clock.monotonicMs() >= untilMs;
  }

  #show(): void {
    const subjects = [...new Set([...this.#refused.keys()].map((key) => key.slice(key.indexOf(' ') + 1)))].sort();
    if (subjects.join(' ') !== this.forbidden.value.join(' ')) this.forbidden.set(subjects);
  }
}

function keyOf(operation: Operation, subject: string): string {
  return `${operation} ${pattern(subject)}`;
}

/** Subjects with a part of their own for each message or key, as the one permission that they are a matter of. */
function pattern(subject: string): string {
  const tokens = subject.split('.');
  const kept = keptTokens(subject, tokens);
  return kept === null ? subject : `${tokens.slice(0, kept).join('.')}.>`;
}

function keptTokens(subject: string, tokens: readonly string[]): number | null {
  if (subject.startsWith('_INBOX.')) return 1;
  if (subject.startsWith('$JS.API.DIRECT.GET.')) return 5;
  const at = streamAt(tokens);
  // To the consumer.
  return at === null ? null : at + 2;
}

/** Whether both are a matter of one permission. */
export function samePermission(subject: string, other: string): boolean {
  return pattern(subject) === pattern(other);
}

/** Nothing was asked: the answer could not be heard. */
export class InboxRefused extends Error {
  override readonly name = 'InboxRefused';

  constructor() {
    super(`the broker does not allow listening to ${INBOXES}, so no answer can be heard`);
  }
}

/** The refusal of the broker in what the client library rejects with; null: it is something else. */
export function violationOf(error: unknown): Violation | null {
  if (error instanceof errors.RequestError) return violationOf(error.cause);
  return error instanceof errors.PermissionViolationError ? error : null;
}

/** True where the broker's permissions forbid what was asked for. {@link InboxRefused} says nothing of it. */
export function isForbidden(error: unknown): boolean {
  return violationOf(error) !== null;
}
