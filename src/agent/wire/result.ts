/**
 * The result of a run (protocol §3.2, §12.2). The broker's readers have no second chance: what is encoded here is always
 * decodable, in the field order of the fleet, and never holds half a surrogate pair.
 */
import { newResultId, type ResultId, type SentRequestId, type SentResultId } from '../../shared/ids.ts';
import { bytesOf, cutText } from './cut-text.ts';
import { type Decoded, decodeObject, type FieldReader } from './fields.ts';
import { formatTimestamp } from './timestamp.ts';
import { OID_NAMESPACE, uuidV5 } from './uuid-v5.ts';

export interface ExecResult {
  /** Empty in results of very old agents only. */
  readonly resultId: SentResultId;
  readonly requestId: SentRequestId;
  readonly execId: string | null;
  readonly pcId: string;
  /** A signed 32-bit number. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly startedAtNs: bigint;
  readonly finishedAtNs: bigint;
  /** `Command.id`; null only if it could not be read. */
  readonly manifestId: string | null;
  readonly skipped: boolean;
}

/** Room that its message takes of `max_payload` besides the result itself: the Nats-Msg-Id header. */
export const RESULT_HEADER_BYTES = 256;

const I32_MIN = -(2 ** 31);
const I32_MAX = 2 ** 31 - 1;

/** The message as text. */
function resultJson(result: ExecResult): string {
  return JSON.stringify({
    result_id: result.resultId.toWellFormed(),
    request_id: result.requestId.toWellFormed(),
    exec_id: result.execId?.toWellFormed(),
    pc_id: result.pcId.toWellFormed(),
    // A number that is none of 32 bits would make the whole result unreadable over there.
    exit_code: result.exitCode | 0,
    stdout: result.stdout.toWellFormed(),
    stderr: result.stderr.toWellFormed(),
    started_at: formatTimestamp(result.startedAtNs),
    finished_at: formatTimestamp(result.finishedAtNs),
    manifest_id: result.manifestId?.toWellFormed(),
    skipped: result.skipped,
  });
}

export function encodeResult(result: ExecResult): Uint8Array {
  return Buffer.from(resultJson(result));
}

/** Reads a result of any agent. */
export function decodeResult(body: Uint8Array): Decoded<'result', ExecResult> {
  return decodeObject(body, 'result', readResult);
}

function readResult(fields: FieldReader): ExecResult {
  const exitCode = fields.integer('exit_code', I32_MIN, I32_MAX);
  return {
    resultId: (fields.nullableString('result_id') ?? '') as SentResultId,
    requestId: fields.string('request_id') as SentRequestId,
    execId: fields.nullableString('exec_id'),
    pcId: fields.string('pc_id'),
    exitCode,
    stdout: fields.string('stdout'),
    stderr: fields.string('stderr'),
    startedAtNs: fields.timestamp('started_at'),
    finishedAtNs: fields.timestamp('finished_at'),
    manifestId: fields.nullableString('manifest_id'),
    // Agents that do not say it: their skips have these codes (protocol §12.2).
    skipped: fields.nullableBoolean('skipped') ?? (exitCode >= 122 && exitCode <= 127),
  };
}

/** The id that the backend gives to a result without one (protocol §3.2). */
export function legacyResultId(requestId: string, pcId: string): ResultId {
  return newResultId(uuidV5(OID_NAMESPACE, `kanade-issue-19/legacy-result-id:${requestId}:${pcId}`));
}

/** That of every refusal of a command for its signature, so that a message which comes again lands on one row (protocol §11.4). */
export function refusedResultId(requestId: string, pcId: string): ResultId {
  return newResultId(uuidV5(OID_NAMESPACE, `${requestId}|${pcId}|signature-refused`));
}

/**
 * The message in at most `maxBytes` (D11). Of a stream that is too long head and tail stay, so that the note at the end of
 * stderr survives. `cut`: something of the result is not in it. Costs no more than what stays, where `sizes` says how much there is.
 */
export function fitResult(
  result: ExecResult,
  maxBytes: number,
  sizes: OutputSizes = {},
): { body: Uint8Array; cut: boolean } {
  // Every code unit takes at least one byte, so that far larger ones need not be encoded to be known as too large.
  if (result.stdout.length + result.stderr.length <= maxBytes) {
    const body = Buffer.from(resultJson(result));
    if (body.length <= maxBytes) return { body, cut: false };
  }
  const frame = fitFrame(result, maxBytes);
  const { stdout, stderr } = result;
  const [stdoutBytes, stderrBytes] = share(stdout, stderr, maxBytes - encodedBytes(frame));
  const cut = {
    ...frame,
    stdout: cutText(stdout, stdoutBytes, sizes.stdoutBytes),
    stderr: cutText(stderr, stderrBytes, sizes.stderrBytes),
  };
  return { body: Buffer.from(resultJson(cut)), cut: true };
}

/** Of the two streams in UTF-8, where that is known. */
export interface OutputSizes {
  readonly stdoutBytes?: number | undefined;
  readonly stderrBytes?: number | undefined;
}

/** The same for a message that was made for a server that takes larger ones; one that can't be read stays as it is. */
export function refitResult(body: Uint8Array, maxBytes: number): Uint8Array {
  if (body.length <= maxBytes) return body;
  const decoded = decodeResult(body);
  return decoded.ok ? fitResult(decoded.result, maxBytes).body : body;
}

/** Room for a note in stderr, whatever the ids take. */
const NOTE_BYTES = 512;

/** The result without its output, and without ids that alone would fill the message: a cut id would name another thing. */
function fitFrame(result: ExecResult, maxBytes: number): ExecResult {
  const frame = { ...result, stdout: '', stderr: '' };
  const fits = (candidate: ExecResult) => encodedBytes(candidate) + NOTE_BYTES <= maxBytes;
  if (fits(frame)) return frame;
  const withoutManifest = { ...frame, manifestId: null };
  return fits(withoutManifest) ? withoutManifest : { ...withoutManifest, execId: null };
}

function encodedBytes(result: ExecResult): number {
  return Buffer.byteLength(resultJson(result));
}

/** Divides `bytes` between the two: who needs less than half leaves the rest to the other. */
function share(stdout: string, stderr: string, bytes: number): [number, number] {
  const half = Math.floor(bytes / 2);
  const stderrBytes = bytesOf(stderr, half);
  if (stderrBytes !== null) return [bytes - stderrBytes, stderrBytes];
  const stdoutBytes = bytesOf(stdout, half) ?? half;
  return [stdoutBytes, bytes - stdoutBytes];
}
