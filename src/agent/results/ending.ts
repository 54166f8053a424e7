/** Turns what became of a command into its terminal row and its one result (architecture §3). */
import type { RequestId, ResultId } from '../../shared/ids.ts';
import { type FixedReason, OUTCOMES, type Reason } from '../../shared/outcomes.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import { type CapturedText, NO_TEXT } from '../store/outputs.ts';
import type { Ending } from '../store/runs.ts';
import { type ExecResult, fitResult, RESULT_HEADER_BYTES } from '../wire/result.ts';
import { appendNote, interruptedText } from '../wire/result-texts.ts';
import { resultSubject } from '../wire/subjects.ts';

/** What of a command its result repeats. */
export interface Identity {
  readonly resultId: ResultId;
  readonly requestId: RequestId;
  readonly execId: string | null;
  readonly manifestId: string | null;
  readonly pcId: string;
}

/** How a run ended, before it is put into bytes. */
export interface Outcome {
  readonly reason: Reason;
  readonly exitCode: number;
  readonly stdout: CapturedText;
  readonly stderr: CapturedText;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number;
  readonly facts: string | null;
  readonly detail: string | null;
}

/** An outcome without a script: nothing ran, `note` is all of stderr. */
export function withoutRun(
  reason: FixedReason,
  note: string,
  at: { readonly nowMs: number; readonly facts?: string | null; readonly detail?: string },
): Outcome {
  return {
    reason,
    exitCode: OUTCOMES[reason].exitCode,
    stdout: NO_TEXT,
    stderr: textOnly(note),
    startedAtMs: null,
    finishedAtMs: at.nowMs,
    facts: at.facts ?? null,
    detail: at.detail ?? null,
  };
}

/** Found running by who did not start it: nobody knows how it ended, and it is never run again (invariant 4). */
export function interrupted(startedAtMs: number | null, nowMs: number): Outcome {
  return { ...withoutRun('INTERRUPTED', interruptedText(), { nowMs }), startedAtMs };
}

/** The terminal row; its result is cut to what the server takes in one message. */
export function endingOf(outcome: Outcome, identity: Identity, maxPayloadBytes: number): Ending {
  const result = resultOf(outcome, identity);
  const { stdout, stderr } = outcome;
  const sizes = { stdoutBytes: stdout.textBytes, stderrBytes: stderr.textBytes };
  const { body } = fitResult(result, maxPayloadBytes - RESULT_HEADER_BYTES, sizes);
  return {
    ...outcome,
    outbox: { kind: 'result', id: identity.resultId, subject: resultSubject(identity.requestId), body },
  };
}

/**
 * The same of a row that may be damaged: where there is no result of it that anybody could read, it ends without one, and holds up
 * no other. `onError` hears of that.
 */
export function endingOfRow(
  outcome: Outcome,
  identity: Identity,
  maxPayloadBytes: number,
  onError: (error: unknown) => void,
): Ending {
  try {
    return endingOf(outcome, identity, maxPayloadBytes);
  } catch (error) {
    onError(error);
    return { ...outcome, outbox: null };
  }
}

function resultOf(outcome: Outcome, identity: Identity): ExecResult {
  return {
    resultId: identity.resultId,
    requestId: identity.requestId,
    execId: identity.execId,
    pcId: identity.pcId,
    exitCode: outcome.exitCode,
    stdout: outcome.stdout.text,
    stderr: outcome.stderr.text,
    startedAtNs: BigInt(outcome.startedAtMs ?? outcome.finishedAtMs) * NS_PER_MS,
    finishedAtNs: BigInt(outcome.finishedAtMs) * NS_PER_MS,
    manifestId: identity.manifestId,
    skipped: OUTCOMES[outcome.reason].skipped,
  };
}

function textOnly(text: string): CapturedText {
  const textBytes = Buffer.byteLength(text);
  return { text, textBytes, totalBytes: textBytes, cut: false };
}

/** Captured output with one of the fixed notes behind it (protocol §4.2). */
export function withNote(stderr: CapturedText, note: string): CapturedText {
  const text = appendNote(stderr.text, note);
  // What is added is no more than this: the captured output may be large.
  const addedBytes = Buffer.byteLength(text.slice(stderr.text.length));
  const sizes = stderr.textBytes === undefined ? {} : { textBytes: stderr.textBytes + addedBytes };
  return { ...stderr, ...sizes, text, totalBytes: stderr.totalBytes + addedBytes };
}
