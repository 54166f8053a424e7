/** The ExecResult message (protocol §3.2, §12.2): field order, number and time formats are the original's. */
import { createHash } from 'node:crypto';
import { FieldFault, fault, optionalText, text } from './fields.ts';
import { isJsonObject, type JsonObject, parseJson } from './json.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

export interface ExecResult {
  /** Minted once per run and kept over republishes. */
  readonly resultId: string;
  readonly requestId: string;
  readonly execId: string | null;
  readonly pcId: string;
  /** i32. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** ns since the epoch. */
  readonly startedAtNs: bigint;
  readonly finishedAtNs: bigint;
  /** `Command.id`; null only where it is unknown. */
  readonly manifestId: string | null;
  /** Our addition; null where the sender did not say (0.29). */
  readonly skipped: boolean | null;
}

export type DecodedResult =
  | { readonly ok: true; readonly result: ExecResult }
  | { readonly ok: false; readonly error: string };

export function encodeResult(result: ExecResult): Uint8Array {
  return Buffer.from(resultText(result));
}

function resultText(result: ExecResult): string {
  const { execId, manifestId, skipped } = result;
  return [
    `{"result_id":${quote(result.resultId)},"request_id":${quote(result.requestId)}`,
    execId === null ? '' : `,"exec_id":${quote(execId)}`,
    `,"pc_id":${quote(result.pcId)},"exit_code":${result.exitCode | 0}`,
    `,"stdout":${quote(result.stdout)},"stderr":${quote(result.stderr)}`,
    `,"started_at":"${formatTimestamp(result.startedAtNs)}","finished_at":"${formatTimestamp(result.finishedAtNs)}"`,
    manifestId === null ? '' : `,"manifest_id":${quote(manifestId)}`,
    skipped === null ? '' : `,"skipped":${skipped}`,
    '}',
  ].join('');
}

/** A lone surrogate would make the whole result undecodable at the other end, and lost (protocol §10.2). */
function quote(value: string): string {
  return JSON.stringify(value.isWellFormed() ? value : value.toWellFormed());
}

export function decodeResult(body: Uint8Array): DecodedResult {
  const parsed = parseJson(body);
  if (!parsed.ok) return parsed;
  if (!isJsonObject(parsed.value)) return { ok: false, error: 'message: expected an object' };
  try {
    return { ok: true, result: resultOf(parsed.value) };
  } catch (error) {
    if (!(error instanceof FieldFault)) throw error;
    return { ok: false, error: error.message };
  }
}

function resultOf(object: JsonObject): ExecResult {
  const exitCode = object.exit_code;
  if (typeof exitCode !== 'number' || (exitCode | 0) !== exitCode) throw fault('exit_code', 'an i32', exitCode);
  const { skipped } = object;
  if (skipped !== undefined && typeof skipped !== 'boolean') throw fault('skipped', 'true or false', skipped);
  return {
    resultId: optionalText(object, 'result_id') ?? '',
    requestId: text(object, 'request_id'),
    execId: optionalText(object, 'exec_id'),
    pcId: text(object, 'pc_id'),
    exitCode,
    stdout: text(object, 'stdout'),
    stderr: text(object, 'stderr'),
    startedAtNs: timestamp(object, 'started_at'),
    finishedAtNs: timestamp(object, 'finished_at'),
    manifestId: optionalText(object, 'manifest_id'),
    skipped: skipped ?? null,
  };
}

function timestamp(object: JsonObject, field: string): bigint {
  const ns = parseTimestamp(text(object, field));
  if (ns === undefined) throw fault(field, 'an RFC 3339 time', object[field]);
  return ns;
}

/** The body within `maxBytes`, by cutting the outputs where it must be; `cut` says whether. */
export function fitResult(result: ExecResult, maxBytes: number): { readonly body: Uint8Array; readonly cut: boolean } {
  const whole = encodeResult(result);
  if (whole.length <= maxBytes) return { body: whole, cut: false };
  const frame = encodeResult({ ...result, stdout: '', stderr: '' }).length;
  const room = Math.max(0, maxBytes - frame);
  const outBytes = encodedBytes(result.stdout);
  const errBytes = encodedBytes(result.stderr);
  // Half each, and what one does not need goes to the other.
  const half = Math.floor(room / 2);
  const errRoom = Math.min(errBytes, Math.max(half, room - outBytes));
  const outRoom = room - errRoom;
  const fitted = { ...result, stdout: shorten(result.stdout, outRoom), stderr: shorten(result.stderr, errRoom) };
  return { body: encodeResult(fitted), cut: true };
}

/** The same for a body that is already encoded; one that can't be read is returned as it is. */
export function refitResult(body: Uint8Array, maxBytes: number): Uint8Array {
  const decoded = decodeResult(body);
  return decoded.ok ? fitResult(decoded.result, maxBytes).body : body;
}

/** Bytes of one UTF-16 unit inside a JSON string; half of a pair counts 2, so that a pair counts 4. */
function unitBytes(code: number): number {
  if (code >= 0x20 && code < 0x7f) return code === 0x22 || code === 0x5c ? 2 : 1;
  if (code < 0x20) return code === 8 || code === 9 || code === 10 || code === 12 || code === 13 ? 2 : 6;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code >= 0xd800 && code <= 0xdfff ? 2 : 3;
}

function encodedBytes(value: string): number {
  let bytes = 0;
  const text = value.toWellFormed();
  for (let at = 0; at < text.length; at++) bytes += unitBytes(text.charCodeAt(at));
  return bytes;
}

/** Head (two thirds) and tail of a text, with a line between that says what is missing; at most `maxBytes` encoded. */
function shorten(value: string, maxBytes: number): string {
  const text = value.toWellFormed();
  if (encodedBytes(text) <= maxBytes) return text;
  const marker = `\n[... output shortened from ${Buffer.byteLength(text)} bytes ...]\n`;
  const room = maxBytes - encodedBytes(marker);
  if (room <= 0) return '';
  const headRoom = Math.floor((room * 2) / 3);
  let head = 0;
  for (let used = 0; head < text.length; head++) {
    used += unitBytes(text.charCodeAt(head));
    if (used > headRoom) break;
  }
  let tail = text.length;
  for (let used = 0; tail > head; tail--) {
    used += unitBytes(text.charCodeAt(tail - 1));
    if (used > room - headRoom) break;
  }
  if (isLowSurrogate(text, head)) head -= 1;
  if (isLowSurrogate(text, tail)) tail += 1;
  return text.slice(0, head) + marker + text.slice(tail);
}

function isLowSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}

/** RFC 4122 namespace for ISO OIDs. */
const OID_NAMESPACE = Buffer.from('6ba7b8129dad11d180b400c04fd430c8', 'hex');

/** The id that the backend gives to a result without one (protocol §3.2). */
export function legacyResultId(requestId: string, pcId: string): string {
  return uuidV5(OID_NAMESPACE, `kanade-issue-19/legacy-result-id:${requestId}:${pcId}`);
}

function uuidV5(namespace: Uint8Array, name: string): string {
  const digest = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
