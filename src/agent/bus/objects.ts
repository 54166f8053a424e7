/**
 * Reading an object store by the one request that an agent's role allows for it (protocol §11.3): the description of an
 * object, then its chunks one after the other. The client library's reader wants a consumer with a name, which is refused.
 */
import { createHash } from 'node:crypto';
import { errorText } from '../../base/logger.ts';
import { API_ERRORS, ApiError, apiRequest, isMissing, MARKER } from './api.ts';
import type { ObjectLook, ObjectPiece, ObjectPlace, ObjectRead } from './bus.ts';
import { isRefused } from './permissions.ts';
import type { Session } from './session.ts';

/** For one chunk (128 KiB, as text a third more) on a slow link. */
const CHUNK_TIMEOUT_MS = 60_000;
const INFO_TIMEOUT_MS = 5_000;
/** From this code on an error of the API is about the server, as in HTTP. */
const SERVER_ERRORS = 500;

interface ObjectInfo {
  readonly nuid: string;
  readonly sizeBytes: number;
  /** `SHA-256=` and base64 in the alphabet of URLs. */
  readonly digest: string;
}

/** Which of `names` the object store holds; null where it can't be told. Never rejects. */
export async function objectsPresent(
  session: Session,
  bucket: string,
  names: readonly string[],
): Promise<ReadonlySet<string> | null> {
  try {
    const present = new Set<string>();
    for (const name of names) {
      if ((await infoOf(session, bucket, name, session.signal)) !== null) present.add(name);
    }
    return present;
  } catch (error) {
    return isMissing(error) ? new Set() : null;
  }
}

/** What the store says of an object. Never rejects. */
export async function objectLook(
  session: Session,
  bucket: string,
  name: string,
  signal: AbortSignal,
): Promise<ObjectLook> {
  try {
    const info = await infoOf(session, bucket, name, AbortSignal.any([signal, session.signal]));
    if (info === null) return { kind: 'absent' };
    const sha256 = digestOf(info)?.toString('hex') ?? null;
    return { kind: 'value', sizeBytes: info.sizeBytes, sha256, start: { nuid: info.nuid, sequence: 0 } };
  } catch (error) {
    return failed(error);
  }
}

/** The next piece of an object. Never rejects. */
export async function objectPiece(
  session: Session,
  bucket: string,
  place: ObjectPlace,
  signal: AbortSignal,
): Promise<ObjectPiece> {
  try {
    const piece = await pieceAfter(session, bucket, place, AbortSignal.any([signal, session.signal]));
    if (piece === null) return { kind: 'absent' };
    return { kind: 'value', body: piece.data, next: { nuid: place.nuid, sequence: piece.sequence } };
  } catch (error) {
    return failed(error);
  }
}

/** Reads an object whole, its digest checked. At most `maxBytes`, of which more is never held. Never rejects. */
export async function objectGet(
  session: Session,
  bucket: string,
  name: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<ObjectRead> {
  const until = AbortSignal.any([signal, session.signal]);
  try {
    const info = await infoOf(session, bucket, name, until);
    if (info === null) return { kind: 'absent' };
    if (info.sizeBytes > maxBytes)
      return { kind: 'failed', why: `it is larger than ${maxBytes} bytes`, mayPass: false };
    return { kind: 'value', body: await bodyOf(session, bucket, info, until) };
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): Exclude<ObjectRead, { kind: 'value' }> {
  if (isMissing(error)) return { kind: 'absent' };
  return { kind: 'failed', why: errorText(error), mayPass: mayPass(error) };
}

/** Something about the object itself. */
class Unusable extends Error {
  override readonly name = 'Unusable';
}

function mayPass(error: unknown): boolean {
  if (error instanceof Unusable || error instanceof SyntaxError || isRefused(error)) return false;
  return !(error instanceof ApiError) || error.code >= SERVER_ERRORS;
}

async function bodyOf(session: Session, bucket: string, info: ObjectInfo, signal: AbortSignal): Promise<Uint8Array> {
  const hash = createHash('sha256');
  const body = Buffer.alloc(info.sizeBytes);
  let bytes = 0;
  let sequence = 0;
  while (bytes < info.sizeBytes) {
    const chunk = await pieceAfter(session, bucket, { nuid: info.nuid, sequence }, signal);
    if (chunk === null || chunk.data.length === 0) throw new Unusable('a part of it is missing');
    if (bytes + chunk.data.length > info.sizeBytes) throw new Unusable('it is larger than it says');
    chunk.data.copy(body, bytes);
    hash.update(chunk.data);
    bytes += chunk.data.length;
    sequence = chunk.sequence;
  }
  const digest = digestOf(info);
  if (digest === null) throw new Unusable('it has no SHA-256 digest');
  if (!hash.digest().equals(digest)) throw new Unusable('it is damaged: its digest differs');
  return body;
}

function pieceAfter(session: Session, bucket: string, { nuid, sequence }: ObjectPlace, signal: AbortSignal) {
  const query = { next_by_subj: `$O.${bucket}.C.${nuid}`, seq: sequence + 1 };
  return messageOf(session, bucket, query, CHUNK_TIMEOUT_MS, signal);
}

/** null: it says none. */
function digestOf(info: ObjectInfo): Buffer | null {
  const [kind, digest] = info.digest.split(/=(.*)/s);
  return kind?.toUpperCase() === 'SHA-256' && digest !== undefined ? Buffer.from(digest, 'base64url') : null;
}

/** The description of an object; null where there is none, or it was deleted. */
async function infoOf(session: Session, bucket: string, name: string, signal: AbortSignal): Promise<ObjectInfo | null> {
  const key = Buffer.from(name).toString('base64url');
  // Padded, as every client writes it.
  const padded = key.padEnd(Math.ceil(key.length / 4) * 4, '=');
  const query = { last_by_subj: `$O.${bucket}.M.${padded}` };
  const message = await messageOf(session, bucket, query, INFO_TIMEOUT_MS, signal);
  if (message === null) return null;
  const info: unknown = JSON.parse(message.data.toString());
  if (typeof info !== 'object' || info === null) throw new Unusable('its description is unreadable');
  const { nuid, size, digest, deleted } = info as Record<string, unknown>;
  if (deleted === true) return null;
  const sized = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
  if (typeof nuid !== 'string' || typeof digest !== 'string' || !sized) {
    throw new Unusable('its description is unreadable');
  }
  return { nuid, sizeBytes: size, digest };
}

/** null: there is no such message. */
async function messageOf(
  session: Session,
  bucket: string,
  query: object,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ data: Buffer; sequence: number } | null> {
  try {
    const answer = await apiRequest(session, `STREAM.MSG.GET.OBJ_${bucket}`, query, { timeoutMs, signal });
    const { data = '', hdrs = '', seq } = answer.message as { data?: string; hdrs?: string; seq: number };
    // What the server puts in the place of something that has expired.
    if (Buffer.from(hdrs, 'base64').includes(MARKER)) return null;
    return { data: Buffer.from(data, 'base64'), sequence: seq };
  } catch (error) {
    if (error instanceof ApiError && error.errCode === API_ERRORS.noMessage) return null;
    throw error;
  }
}
