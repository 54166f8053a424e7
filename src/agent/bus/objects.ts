/**
 * Reading an object store by the one request that an agent's role allows for it (protocol §11.3): the description of an
 * object, then its chunks one after the other. The client library's reader wants a consumer with a name, which is refused.
 */
import { createHash } from 'node:crypto';
import { errorText } from '../../base/logger.ts';
import { API_ERRORS, ApiError, apiRequest, isMissing, MARKER } from './api.ts';
import type { BrokerConnection, RequestOptions } from './broker-connection.ts';
import {
  DEFAULT_MAX_PAYLOAD_BYTES,
  type ObjectPart,
  type ObjectPiece,
  type ObjectPlace,
  type ObjectRead,
  type ObjectStat,
} from './bus.ts';
import { isForbidden } from './permissions.ts';
import { areReflectedHeaders } from './reflected.ts';

/** How long the broker may be silent. The time that a part needs on its way is the link's, and is not counted (`downlink.ts`). */
const SILENCE_MS = 15_000;
const INFO_TIMEOUT_MS = 5_000;
/** What every client writes at a time where it is not told otherwise. */
const USUAL_CHUNK_BYTES = 128 * 1024;
/** From this code on an error of the API is about the server, as in HTTP. */
const SERVER_ERRORS = 500;

interface ObjectInfo {
  readonly nuid: string;
  readonly sizeBytes: number;
  /** `SHA-256=` and base64 in the alphabet of URLs. */
  readonly digest: string;
  readonly chunkBytes: number;
}

/** Which of `names` the object store holds; null where it can't be told. Never rejects. */
export async function objectsPresent(
  connection: BrokerConnection,
  bucket: string,
  names: readonly string[],
): Promise<ReadonlySet<string> | null> {
  try {
    const present = new Set<string>();
    for (const name of names) {
      if ((await infoOf(connection, bucket, name, connection.signal)) !== null) present.add(name);
    }
    return present;
  } catch (error) {
    return isMissing(error) ? new Set() : null;
  }
}

/** What the store says of an object. Never rejects. */
export async function objectStat(
  connection: BrokerConnection,
  bucket: string,
  name: string,
  signal: AbortSignal,
): Promise<ObjectStat> {
  try {
    const info = await infoOf(connection, bucket, name, AbortSignal.any([signal, connection.signal]));
    if (info === null) return { kind: 'absent' };
    const sha256 = digestOf(info)?.toString('hex') ?? null;
    return { kind: 'value', sizeBytes: info.sizeBytes, sha256, start: { nuid: info.nuid, sequence: 0 } };
  } catch (error) {
    return failed(error);
  }
}

/** The next piece of an object. Never rejects. */
export async function objectPiece(
  connection: BrokerConnection,
  bucket: string,
  place: ObjectPlace,
  signal: AbortSignal,
): Promise<ObjectPiece> {
  try {
    const until = AbortSignal.any([signal, connection.signal]);
    const piece = await pieceAfter(connection, bucket, place, USUAL_CHUNK_BYTES, until);
    if (piece === null) return { kind: 'absent' };
    return { kind: 'value', body: piece.data, next: { nuid: place.nuid, sequence: piece.sequence } };
  } catch (error) {
    return failed(error);
  }
}

/** Reads an object whole, its digest checked. At most `maxBytes`, of which more is never held. Never rejects. */
export async function objectGet(
  connection: BrokerConnection,
  bucket: string,
  name: string,
  maxBytes: number,
  signal: AbortSignal,
  from?: ObjectPart,
): Promise<ObjectRead> {
  const until = AbortSignal.any([signal, connection.signal]);
  let part = from;
  try {
    const info = await infoOf(connection, bucket, name, until);
    if (info === null) return { kind: 'absent' };
    if (info.sizeBytes > maxBytes)
      return { kind: 'failed', why: `it is larger than ${maxBytes} bytes`, mayPass: false };
    const reading = from instanceof Reading && from.isOf(info) ? from : new Reading(info);
    part = reading;
    return { kind: 'value', body: await reading.finish(connection, bucket, until) };
  } catch (error) {
    const failure = failed(error);
    if (failure.kind !== 'failed' || !failure.mayPass || part === undefined || part.readBytes === 0) return failure;
    return { ...failure, part };
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
  if (error instanceof Unusable || error instanceof SyntaxError || isForbidden(error)) return false;
  return !(error instanceof ApiError) || error.code >= SERVER_ERRORS;
}

/** An object that is being read, chunk after chunk. */
class Reading implements ObjectPart {
  readonly #info: ObjectInfo;
  readonly #body: Buffer;
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #sequence = 0;

  constructor(info: ObjectInfo) {
    this.#info = info;
    this.#body = Buffer.alloc(info.sizeBytes);
  }

  get readBytes(): number {
    return this.#bytes;
  }

  get sizeBytes(): number {
    return this.#info.sizeBytes;
  }

  /** Each writing of an object has a `nuid` of its own. */
  isOf({ nuid, sizeBytes, digest }: ObjectInfo): boolean {
    return this.#info.nuid === nuid && this.#info.sizeBytes === sizeBytes && this.#info.digest === digest;
  }

  /** Reads the rest. Rejects with what went wrong; what has come until then stays. */
  async finish(connection: BrokerConnection, bucket: string, signal: AbortSignal): Promise<Uint8Array> {
    const { nuid, chunkBytes } = this.#info;
    while (this.#bytes < this.#info.sizeBytes) {
      const chunk = await pieceAfter(connection, bucket, { nuid, sequence: this.#sequence }, chunkBytes, signal);
      if (chunk === null || chunk.data.length === 0) throw new Unusable('a part of it is missing');
      if (this.#bytes + chunk.data.length > this.#info.sizeBytes) throw new Unusable('it is larger than it says');
      chunk.data.copy(this.#body, this.#bytes);
      this.#hash.update(chunk.data);
      this.#bytes += chunk.data.length;
      this.#sequence = chunk.sequence;
    }
    const digest = digestOf(this.#info);
    if (digest === null) throw new Unusable('it has no SHA-256 digest');
    if (!this.#hash.digest().equals(digest)) throw new Unusable('it is damaged: its digest differs');
    return this.#body;
  }
}

/** As the broker puts it into its answer. */
function base64Bytes(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/** `chunkBytes`: about so large it is. */
function pieceAfter(
  connection: BrokerConnection,
  bucket: string,
  { nuid, sequence }: ObjectPlace,
  chunkBytes: number,
  signal: AbortSignal,
) {
  const subject = `$O.${bucket}.C.${nuid}`;
  const query = { next_by_subj: subject, seq: sequence + 1 };
  return messageOf(connection, bucket, subject, query, {
    timeoutMs: SILENCE_MS,
    signal,
    answerBytes: base64Bytes(chunkBytes),
  });
}

/** null: it says none. */
function digestOf(info: ObjectInfo): Buffer | null {
  const [kind, digest] = info.digest.split(/=(.*)/s);
  return kind?.toUpperCase() === 'SHA-256' && digest !== undefined ? Buffer.from(digest, 'base64url') : null;
}

/** The description of an object; null where there is none, or it was deleted. */
async function infoOf(
  connection: BrokerConnection,
  bucket: string,
  name: string,
  signal: AbortSignal,
): Promise<ObjectInfo | null> {
  const key = Buffer.from(name).toString('base64url');
  // Padded, as every client writes it.
  const padded = key.padEnd(Math.ceil(key.length / 4) * 4, '=');
  const subject = `$O.${bucket}.M.${padded}`;
  const query = { last_by_subj: subject };
  const message = await messageOf(connection, bucket, subject, query, { timeoutMs: INFO_TIMEOUT_MS, signal });
  if (message === null) return null;
  const info: unknown = JSON.parse(message.data.toString());
  if (typeof info !== 'object' || info === null) throw new Unusable('its description is unreadable');
  const { nuid, size, digest, chunks, deleted } = info as Record<string, unknown>;
  if (deleted === true) return null;
  const sized = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
  if (typeof nuid !== 'string' || typeof digest !== 'string' || !sized) {
    throw new Unusable('its description is unreadable');
  }
  const isCount = typeof chunks === 'number' && chunks >= 1;
  // It is only said, so it is not believed beyond what one message can hold.
  const largest = connection.nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD_BYTES;
  const chunkBytes = Math.min(isCount ? Math.ceil(size / chunks) : USUAL_CHUNK_BYTES, size, largest);
  return { nuid, sizeBytes: size, digest, chunkBytes };
}

interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  /** Both in base64. */
  readonly data?: string;
  readonly hdrs?: string;
}

/** One of the subject `of`; null: there is no such message. */
async function messageOf(
  connection: BrokerConnection,
  bucket: string,
  of: string,
  query: object,
  options: RequestOptions & { readonly timeoutMs: number },
): Promise<{ data: Buffer; sequence: number } | null> {
  try {
    const answer = await apiRequest(connection, `STREAM.MSG.GET.OBJ_${bucket}`, query, options);
    const { data = '', hdrs = '', seq, subject } = answer.message as StoredMessage;
    if (subject !== of) throw new Unusable(`the answer is about ${subject}`);
    const headers = Buffer.from(hdrs, 'base64');
    if (areReflectedHeaders(headers))
      throw new Unusable(`nobody has put ${subject} there, it is an answer of the broker`);
    // What the server puts in the place of something that has expired.
    if (headers.includes(MARKER)) return null;
    return { data: Buffer.from(data, 'base64'), sequence: seq };
  } catch (error) {
    if (error instanceof ApiError && error.errCode === API_ERRORS.noMessage) return null;
    throw error;
  }
}
