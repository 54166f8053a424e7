/**
 * Publishing into a stream. What it answers decides whether a result is kept, cut, parked or sent again, so a reason counts
 * against the message only where it can be no other's. A message is sent once: its PubAck is waited for from the moment when
 * the broker has read it, and one that comes later still counts.
 */
import { errors } from '@nats-io/transport-node';
import { drop } from '../base/drop.ts';
import { errorText, type Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import { API_ERRORS, ApiError, jsonOf, throwApiError } from './api.ts';
import type { PublishOptions, PublishOutcome } from './bus.ts';
import { InboxRefused, violationOf } from './permissions.ts';
import { isNoResponders, type Session } from './session.ts';

/** So long a late PubAck is listened for. */
const LATE_MS = 60 * 60_000;
/** nats-server ends the connection over a command line of more than 4,096 bytes, the names of reply and sizes included. */
const SUBJECT_MAX_BYTES = 3_000;

const FULL = new Set<number>([
  API_ERRORS.accountFull,
  API_ERRORS.serverFull,
  API_ERRORS.memoryFull,
  API_ERRORS.storageFull,
]);
const TOO_LARGE = new Set<number>([API_ERRORS.messageTooLarge, API_ERRORS.headerTooLarge]);

/** Never rejects. */
export function publishAcked(
  session: Session,
  subject: string,
  body: Uint8Array,
  id: string,
  options: PublishOptions,
  log: Logger,
): Promise<PublishOutcome> {
  if (!isPublishable(subject)) return Promise.resolve({ kind: 'rejected', why: 'it has no subject to publish on' });
  if (session.permissions.has('publish', subject)) return Promise.resolve(forbidden(subject));
  const given = Promise.withResolvers<PublishOutcome>();
  const done = new AbortController();
  const answered = session
    .request(subject, body, LATE_MS, { id })
    .then(stored, (error: unknown) => failed(subject, error))
    .then((outcome) => {
      // The first to settle counts; so this one is late.
      if (done.signal.aborted && outcome.kind === 'stored') return options.onLate?.();
      done.abort();
      given.resolve(outcome);
    });
  const patience = AbortSignal.any([session.signal, done.signal]);
  const impatient = session
    .flush({ measures: true })
    .then((read) => (read ? sleep(options.patienceMs, patience) : undefined))
    .catch(() => {})
    .then(() => {
      if (done.signal.aborted) return;
      done.abort();
      const why = session.signal.aborted ? errorText(session.signal.reason) : 'the broker has not confirmed it';
      given.resolve(unavailable(why));
    });
  drop(answered, log, 'a late PubAck');
  drop(impatient, log, 'waiting for a PubAck');
  return given.promise;
}

/** A subject of a message, not a pattern. */
function isPublishable(subject: string): boolean {
  if (Buffer.byteLength(subject) > SUBJECT_MAX_BYTES) return false;
  return subject.split('.').every((token) => token !== '*' && token !== '>' && /^[^\s\0]+$/.test(token));
}

function stored(answer: Parameters<typeof jsonOf>[0]): PublishOutcome {
  try {
    throwApiError(jsonOf(answer));
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

function failed(subject: string, error: unknown): PublishOutcome {
  if (isNoResponders(error)) return unavailable('there is no stream for it');
  if (violationOf(error)?.operation === 'publish') return forbidden(subject);
  if (error instanceof errors.InvalidSubjectError) return { kind: 'rejected', why: errorText(error) };
  const why = errorText(error);
  // Not even sent: the client knows the server's limit.
  if (error instanceof errors.InvalidArgumentError && why.includes('max_payload')) return { kind: 'too_large', why };
  return unavailable(error instanceof InboxRefused ? error.message : why);
}

function unavailable(why: string, full = false): PublishOutcome {
  return { kind: 'unavailable', full, why };
}

function forbidden(subject: string): PublishOutcome {
  return { kind: 'forbidden', why: `the permissions of the broker forbid publishing on ${subject}` };
}
