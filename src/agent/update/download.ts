/**
 * The package of a release onto the disk, in pieces. Invariants: what was fetched is not fetched again, also after a crash; the
 * disk keeps the room that others need; and what is handed on has the length and SHA-256 that were signed, read back from the disk.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { removeLargeQuietly, removeQuietly } from '../../base/remove-quietly.ts';
import { replaceFile } from '../../base/replace-file.ts';
import { isPackageOf, type Release } from './manifest.ts';

/** So much is fetched again after a crash, at most. */
const NOTE_EVERY_BYTES = 1024 * 1024;
const OWN = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

/** Between two pieces; opaque here. */
export interface Place {
  readonly nuid: string;
  readonly sequence: number;
}

/** `gone`: it was replaced or deleted. `mayPass` false: the broker does not give it to us. */
export type Piece =
  | { readonly kind: 'value'; readonly body: Uint8Array; readonly next: Place }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly why: string; readonly mayPass: boolean };

export interface DownloadOptions {
  readonly release: Pick<Release, 'sha256' | 'size'>;
  /** Ours alone; what is half there stays in it. */
  readonly directory: string;
  /** Before the first piece of the package, as it is in the bucket now. */
  readonly start: Place;
  readonly piece: (place: Place, signal: AbortSignal) => Promise<Piece>;
  /** Bytes that may still be written to the disk of `directory`. */
  readonly room: () => number;
  readonly onProgress: (doneBytes: number) => void;
  readonly signal: AbortSignal;
}

export type Downloaded =
  | { readonly kind: 'done'; readonly file: string }
  /** What is there stays, and goes on from there. */
  | { readonly kind: 'broken_off'; readonly why: string }
  | { readonly kind: 'no_room' }
  /** Nothing of it is kept. */
  | { readonly kind: 'not_signed' };

/** Rejects with the signal's reason, or where the disk fails. */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { release, directory } = options;
  const names = namesOf(directory, release.sha256);
  const file = await open(names.part, OWN, 0o600);
  try {
    const fetched = await fetchRest(file, names.place, options);
    if (fetched !== null) return fetched;
    if (isPackageOf(release, await digestOf(file, options.signal))) return { kind: 'done', file: names.part };
  } finally {
    await file.close();
  }
  await dropDownload(directory, release.sha256);
  return { kind: 'not_signed' };
}

/** Nothing is kept of it. */
export async function dropDownload(directory: string, sha256: string): Promise<void> {
  const { part, place } = namesOf(directory, sha256);
  removeQuietly(place);
  await removeLargeQuietly(part);
}

function namesOf(directory: string, sha256: string): { readonly part: string; readonly place: string } {
  return { part: join(directory, `${sha256}.part`), place: join(directory, `${sha256}.json`) };
}

interface Noted {
  readonly bytes: number;
  readonly place: Place;
}

/** null: all of it is there, as far as its length tells. */
async function fetchRest(file: FileHandle, note: string, options: DownloadOptions): Promise<Downloaded | null> {
  const { release, start, piece, room, onProgress, signal } = options;
  let { bytes, place } = await beginAt(file, noted(note), { bytes: 0, place: start });
  let notedBytes = bytes;
  const keep = async () => {
    if (bytes === notedBytes) return;
    await file.datasync();
    replaceFile(note, JSON.stringify({ bytes, place }), 0o600);
    notedBytes = bytes;
  };
  onProgress(bytes);
  while (bytes < release.size) {
    signal.throwIfAborted();
    if (room() < release.size - bytes) {
      await keep();
      return { kind: 'no_room' };
    }
    const next = await piece(place, signal);
    if (next.kind !== 'value') {
      await keep();
      signal.throwIfAborted();
      // The same bytes under another name go on from their beginning.
      if (next.kind === 'absent') removeQuietly(note);
      return { kind: 'broken_off', why: next.kind === 'absent' ? 'a part of it is not there any more' : next.why };
    }
    if (next.body.length === 0 || bytes + next.body.length > release.size) break;
    await file.write(next.body, 0, next.body.length, bytes);
    bytes += next.body.length;
    place = next.next;
    if (bytes - notedBytes >= NOTE_EVERY_BYTES) await keep();
    onProgress(bytes);
  }
  await keep();
  return null;
}

/** Behind what is sure to be on the disk. */
async function beginAt(file: FileHandle, found: Noted | null, otherwise: Noted): Promise<Noted> {
  const { size } = await file.stat();
  const begin = found !== null && found.bytes <= size ? found : otherwise;
  await file.truncate(begin.bytes);
  return begin;
}

function noted(path: string): Noted | null {
  try {
    const { bytes, place } = JSON.parse(readFileSync(path, 'utf8'));
    const isNoted =
      Number.isSafeInteger(bytes) &&
      bytes >= 0 &&
      typeof place.nuid === 'string' &&
      Number.isSafeInteger(place.sequence);
    return isNoted ? { bytes, place } : null;
  } catch {
    return null;
  }
}

async function digestOf(file: FileHandle, signal: AbortSignal): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false, signal })) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}
