/** What of a message goes into its row, and how a message ends that is not to be run at all (architecture §3). */
import { hash } from 'node:crypto';
import type { RequestId, ResultId, SentRequestId } from '../../shared/ids.ts';
import type { Reason } from '../../shared/outcomes.ts';
import type { RefusedSignature } from '../../shared/signatures.ts';
import { endingOf, withoutRun } from '../results/ending.ts';
import type { SignatureHeaders } from '../signing/signature.ts';
import type { Verdict } from '../signing/verifier.ts';
import type { Arrival, Ending } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { type DecodedCommand, recordOf, type Unreadable } from '../wire/command.ts';
import { refusedResultId } from '../wire/result.ts';
import { cannotReadText, signatureText, unsupportedCommandText } from '../wire/result-texts.ts';
import { isSubjectId } from '../wire/subjects.ts';

/** What is known of a message before anything of it is read. */
export type Base = Pick<Arrival, 'source' | 'subject' | 'receivedAtMs' | 'serverAtMs' | 'fingerprint' | 'body'>;
export type Failed = Omit<Unreadable, 'ok'>;

interface Parts {
  readonly pcId: string;
  readonly maxPayloadBytes: () => number;
}

/** What tells two messages apart: the same bytes under another signature are another message. */
export function keyOf(fingerprint: Buffer, headers: SignatureHeaders): string {
  return signedFingerprint(fingerprint, headers).toString('latin1');
}

function signedFingerprint(fingerprint: Uint8Array, { signature, kid, alg, at }: SignatureHeaders): Buffer {
  const parts = [signature, kid, alg, at];
  if (parts.every((part) => part === null)) return Buffer.from(fingerprint);
  return hash('sha256', `${Buffer.from(fingerprint).toString('hex')} ${JSON.stringify(parts)}`, 'buffer');
}

/** Of a message of which nothing can be told. */
export const NOTHING_READ = {
  kind: 'undecodable',
  requestId: null,
  execId: null,
  id: null,
  version: null,
} as const satisfies Omit<Failed, 'error'>;

const NOTHING_TO_RUN = { shell: null, runAs: null, timeoutSecs: null } as const;

/** Shown here in any case; answered where the message says whom to answer. */
export function unreadable(
  parts: Parts,
  base: Base,
  failed: Failed,
): { readonly arrival: Arrival; readonly end: (resultId: ResultId) => Ending } {
  const usable = usableId(failed.requestId);
  const isUnsupported = failed.kind === 'unsupported';
  const outcome = withoutRun(
    isUnsupported ? 'UNSUPPORTED' : 'BAD_MESSAGE',
    isUnsupported ? unsupportedCommandText(failed.error) : cannotReadText(failed.error),
    { nowMs: base.receivedAtMs, detail: failed.error },
  );
  const { execId, id, version } = failed;
  const arrival = { ...base, ...NOTHING_TO_RUN, requestId: usable, execId, manifestId: id, version };
  const end = (resultId: ResultId): Ending => {
    if (usable === null) return { ...outcome, exitCode: null, outbox: null };
    const identity = { ...failed, resultId, requestId: usable, manifestId: id, pcId: parts.pcId };
    return endingOf(outcome, identity, parts.maxPayloadBytes());
  };
  return { arrival, end };
}

type Refused = Extract<Verdict, { kind: 'refused' }>;

/**
 * A message that is refused for its signature: shown here once, and answered 123 where it has no envelope; one that has may never
 * have been meant for this PC (protocol §11.4). False: it was recorded before.
 */
export function recordRefused(
  parts: Parts & { readonly store: Store },
  base: Base,
  headers: SignatureHeaders,
  { form, state, decoded, signature, why }: Refused,
): Promise<boolean> {
  const { execId, id, version, requestId } = decoded.ok ? decoded.command : decoded;
  const usable = usableId(requestId);
  const shown = decoded.ok ? recordOf(decoded.command) : NOTHING_TO_RUN;
  const arrival = { ...base, ...shown, requestId: usable, execId, manifestId: id, version, signature };
  const published = form === 'plain' && usable !== null ? refusedResultId(usable, parts.pcId) : null;
  const text = signatureText(state, process.platform);
  const outcome = withoutRun('SIGNATURE', text, { nowMs: base.receivedAtMs, detail: why });
  const fingerprint = signedFingerprint(base.fingerprint, headers);
  return parts.store.runs.refuse(arrival, { fingerprint, resultId: published }, (resultId) => {
    if (resultId === null || usable === null) {
      return { ...outcome, reason: localReason(form, state), exitCode: null, outbox: null };
    }
    const identity = { resultId, requestId: usable, execId, manifestId: id, pcId: parts.pcId };
    return endingOf(outcome, identity, parts.maxPayloadBytes());
  });
}

/** Whether this message was recorded before, whatever is to be found of it now: taken in, or refused with this signature. */
export function wasRecorded(store: Store, base: Base, headers: SignatureHeaders, message: DecodedCommand): boolean {
  const { requestId } = message.ok ? message.command : message;
  return store.runs.isRecorded(usableId(requestId), base.fingerprint) || wasRefused(store, base, headers);
}

/**
 * Whether this message with this signature was refused before: then it stays refused, whatever key or time came since. Sent again, it
 * is signed again.
 */
export function wasRefused(store: Store, base: Base, headers: SignatureHeaders): boolean {
  return store.runs.wasRefused(signedFingerprint(base.fingerprint, headers));
}

/** Of an envelope this PC can say what was wrong with it where it was signed well. */
function localReason(form: Refused['form'], state: RefusedSignature): Reason {
  if (form === 'plain') return 'SIGNATURE';
  switch (state) {
    case 'misaddressed':
      return 'MISADDRESSED';
    case 'expired':
    case 'clock_ahead':
    case 'stale':
      return 'EXPIRED_ENV';
    case 'absent':
    case 'unprovisioned':
    case 'unknown_key':
    case 'invalid':
    case 'envelope_rejected':
      return 'SIGNATURE';
  }
}

function usableId(requestId: SentRequestId | null): RequestId | null {
  return requestId !== null && isSubjectId(requestId) ? requestId : null;
}
