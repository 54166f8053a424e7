/**
 * Files by open directories, as `openat` has it: from a handle to a name in it, and never through a link. Whoever exchanges names
 * meanwhile changes nothing of what is already open. Invariant: nothing waits here for somebody else, also not for one who has an
 * opportunistic lock and never gives it back: what is locked so counts as held.
 */
import { atEnd } from '../../base/at-end.ts';
import { type Handle, native } from './native.ts';
import { addressOf, setupNative } from './setup-native.ts';
import { SYNCHRONIZE } from './win32-constants.ts';

export const DELETE = 0x1_0000;
const LIST_DIRECTORY = 0x1;
const TRAVERSE = 0x20;
const READ_ATTRIBUTES = 0x80;
export const WRITE_ATTRIBUTES = 0x100;
/** To list a directory, and to go on from it. */
export const WALK = LIST_DIRECTORY | TRAVERSE | READ_ATTRIBUTES | SYNCHRONIZE;
/** To tell what something is, as `stat` does. */
export const STAT = READ_ATTRIBUTES | SYNCHRONIZE;
const SHARE_ALL = 7;
/** Nobody else may have it open, but for its attributes. */
export const SHARE_NOTHING = 0;
/** Nobody may have it open to delete or to rename it. */
export const SHARE_IN_PLACE = 3;
const [OPEN, CREATE] = [1, 2];
/** FILE_SYNCHRONOUS_IO_NONALERT | FILE_COMPLETE_IF_OPLOCKED | FILE_OPEN_FOR_BACKUP_INTENT | FILE_OPEN_REPARSE_POINT */
const OPTIONS = 0x20 | 0x100 | 0x4000 | 0x20_0000;
/** It is open; whoever has the lock was asked for it. */
const OPLOCK_BREAK_IN_PROGRESS = 0x108;
/** Only a directory. */
export const DIRECTORY_FILE = 0x1;
const CASE_INSENSITIVE = 0x40;
const ATTRIBUTE_READ_ONLY = 0x1;
const ATTRIBUTE_DIRECTORY = 0x10;
const ATTRIBUTE_REPARSE_POINT = 0x400;
const ATTRIBUTE_NORMAL = 0x80;
const [BASIC_INFORMATION, RENAME_INFORMATION, DISPOSITION_INFORMATION, FULL_DIRECTORY_INFORMATION] = [4, 10, 13, 2];
const [ATTRIBUTE_TAG_INFORMATION, DISPOSITION_INFORMATION_EX] = [35, 64];
/** The name goes at once, also while somebody holds it open. */
const DELETE_NOW = 0x1 | 0x2;
/** The bit of a reparse tag that says: another name of something elsewhere. Deduplicated and cloud files have a tag without it. */
const NAME_SURROGATE = 0x2000_0000;
const NO_MORE_FILES = 0x8000_0006;
const NO_SUCH_FILE = 0xc000_000f;
const NAME_COLLISION = 0xc000_0035;
const DELETE_PENDING = 0xc000_0056;
const DIRECTORY_NOT_EMPTY = 0xc000_0101;
const SHARING_VIOLATION = 0xc000_0043;
/** Also a name that can't be one, what is no directory, and what is just going (STATUS_DELETE_PENDING). */
const NOT_THERE = new Set([0xc000_0034, 0xc000_003a, NO_SUCH_FILE, 0xc000_0103, DELETE_PENDING]);

/** `what failed (status c0000022)` */
class StatusError extends Error {
  readonly status: number;

  constructor(what: string, status: number) {
    super(`${what} failed (status ${status.toString(16)})`);
    this.status = status;
  }
}

export function isNotThere(error: unknown): boolean {
  return error instanceof StatusError && NOT_THERE.has(error.status);
}

/** What Windows refuses, as a value of its own kind. */
export function isRefused(error: unknown): boolean {
  return error instanceof StatusError;
}

/** Somebody else has it open, and shares it with nobody, or has a lock on it. */
export function isHeld(error: unknown): boolean {
  return (
    error instanceof StatusError && (error.status === SHARING_VIOLATION || error.status === OPLOCK_BREAK_IN_PROGRESS)
  );
}

/** What {@link isHeld} knows. */
export function held(name: string): Error {
  return new StatusError(`${name}: another program has it open; that`, SHARING_VIOLATION);
}

/** Something lies in it, or is just going from it. */
export function isNotEmpty(error: unknown): boolean {
  return error instanceof StatusError && error.status === DIRECTORY_NOT_EMPTY;
}

/** Windows' number of the error, as other functions give it. */
export function errorNumberOf(error: unknown): number | null {
  return error instanceof StatusError ? setupNative().RtlNtStatusToDosError(error.status) : null;
}

export interface EntryIn {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly isLink: boolean;
}

/** What Windows reads by its address; nothing else of ours knows of it meanwhile. */
const ALIVE: Buffer[] = [];

/** As the object manager has it: of a drive, or of a share. */
export function wholePath(path: string): string {
  return path.startsWith('\\\\') ? `\\??\\UNC\\${path.slice(2)}` : `\\??\\${path}`;
}

/** What lies in a directory, without waiting for whoever has a lock on it; nothing where it is not there. */
export function namesAt(path: string): string[] {
  try {
    return withOpenIn(0, wholePath(path), { access: WALK, options: DIRECTORY_FILE }, entriesIn).map(({ name }) => name);
  } catch (error) {
    if (isNotThere(error)) return [];
    throw error;
  }
}

/** Opens `name` in `directory`; 0: `name` is a {@link wholePath}. */
export function openIn(directory: Handle, name: string, access: number, options = 0, share = SHARE_ALL): Handle {
  const { status, handle } = create(directory, name, { access, options, share, disposition: OPEN, descriptor: 0n });
  if (status === OPLOCK_BREAK_IN_PROGRESS) native().CloseHandle(handle);
  check(`opening ${name}`, status);
  return handle;
}

/**
 * Calls `work` with what {@link openIn} opens, also while somebody has a lock on it; it is closed afterwards. To read what is in it or
 * to rename it would wait for them, but its access list can be read and set.
 */
export function withLocked<T>(directory: Handle, name: string, access: number, work: (handle: Handle) => T): T {
  const how = { access, options: 0, share: SHARE_ALL, disposition: OPEN, descriptor: 0n };
  const { status, handle } = create(directory, name, how);
  if (status !== OPLOCK_BREAK_IN_PROGRESS) check(`opening ${name}`, status);
  return closing(handle, work);
}

/** Calls `work` with what {@link openIn} opens; it is closed afterwards. */
export function withOpenIn<T>(
  directory: Handle,
  name: string,
  how: { readonly access: number; readonly options?: number; readonly share?: number },
  work: (handle: Handle) => T,
): T {
  return closing(openIn(directory, name, how.access, how.options, how.share), work);
}

function closing<T>(handle: Handle, work: (handle: Handle) => T): T {
  using _ = atEnd(() => native().CloseHandle(handle));
  return work(handle);
}

/** Makes a directory that is nobody else's for no moment. False: there is something of that name already. */
export function makeIn(directory: Handle, name: string, descriptor: bigint): boolean {
  const how = { access: STAT, options: DIRECTORY_FILE, share: SHARE_ALL, disposition: CREATE, descriptor };
  const { status, handle } = create(directory, name, how);
  if (status === NAME_COLLISION || status === DELETE_PENDING) return false;
  check(`making ${name}`, status);
  native().CloseHandle(handle);
  return true;
}

interface How {
  readonly access: number;
  readonly options: number;
  readonly share: number;
  readonly disposition: number;
  /** Its access list, where it is made; 0: none. */
  readonly descriptor: bigint;
}

function create(directory: Handle, name: string, { access, options, share, disposition, descriptor }: How) {
  const text = Buffer.from(name, 'utf16le');
  // UNICODE_STRING: bytes, room, and where the text is.
  const unicode = Buffer.alloc(16);
  unicode.writeUInt16LE(text.length, 0);
  unicode.writeUInt16LE(text.length, 2);
  unicode.writeBigUInt64LE(BigInt(addressOf(text)), 8);
  // OBJECT_ATTRIBUTES
  const attributes = Buffer.alloc(48);
  attributes.writeUInt32LE(attributes.length, 0);
  attributes.writeBigInt64LE(BigInt(directory), 8);
  attributes.writeBigUInt64LE(BigInt(addressOf(unicode)), 16);
  attributes.writeUInt32LE(CASE_INSENSITIVE, 24);
  attributes.writeBigUInt64LE(descriptor, 32);
  ALIVE.splice(0, ALIVE.length, text, unicode);
  const opened: [Handle] = [0];
  const status = setupNative().NtCreateFile(
    opened,
    access,
    attributes,
    Buffer.alloc(16),
    null,
    ATTRIBUTE_NORMAL,
    share,
    disposition,
    OPTIONS | options,
    null,
    0,
  );
  return { status: status >>> 0, handle: opened[0] };
}

/** All of them, read before anything is done to them. */
export function entriesIn(directory: Handle): EntryIn[] {
  const entries: EntryIn[] = [];
  const bytes = Buffer.alloc(64 * 1024);
  for (let restart = 1; ; restart = 0) {
    const io = Buffer.alloc(16);
    const status = setupNative().NtQueryDirectoryFile(
      directory,
      0,
      null,
      null,
      io,
      bytes,
      bytes.length,
      FULL_DIRECTORY_INFORMATION,
      0,
      null,
      restart,
    );
    if (status >>> 0 === NO_MORE_FILES || status >>> 0 === NO_SUCH_FILE) return entries;
    check('looking into a directory', status);
    entries.push(...entriesOf(bytes));
  }
}

/** FILE_FULL_DIR_INFORMATION, one after the other; of a reparse point its tag stands where the size of the attributes does. */
export function entriesOf(bytes: Buffer): EntryIn[] {
  const entries: EntryIn[] = [];
  for (let at = 0; ; ) {
    const attributes = bytes.readUInt32LE(at + 56);
    const name = bytes.toString('utf16le', at + 68, at + 68 + bytes.readUInt32LE(at + 60));
    if (name !== '.' && name !== '..')
      entries.push({
        name,
        isDirectory: (attributes & ATTRIBUTE_DIRECTORY) !== 0,
        isLink: leadsElsewhere(attributes, bytes.readUInt32LE(at + 64)),
      });
    const next = bytes.readUInt32LE(at);
    if (next === 0) return entries;
    at += next;
  }
}

function check(what: string, status: number): void {
  if (status !== 0) throw new StatusError(what, status >>> 0);
}

/** What can't be understood counts as a link: 0 is no tag. */
export function leadsElsewhere(attributes: number, tag: number): boolean {
  return (attributes & ATTRIBUTE_REPARSE_POINT) !== 0 && (tag === 0 || (tag & NAME_SURROGATE) !== 0);
}

/** By the handle alone: a name may lead elsewhere a moment later. wine has no such links; it follows those of Unix. */
export function isLink(handle: Handle): boolean {
  const info = Buffer.alloc(52);
  if (setupNative().GetFileInformationByHandle(handle, info) === 0) return true;
  const attributes = info.readUInt32LE(0);
  return (attributes & ATTRIBUTE_REPARSE_POINT) !== 0 && leadsElsewhere(attributes, tagOf(handle));
}

/** 0: it can't be read. */
function tagOf(handle: Handle): number {
  // FILE_ATTRIBUTE_TAG_INFORMATION
  const info = Buffer.alloc(8);
  const io = Buffer.alloc(16);
  const status = setupNative().NtQueryInformationFile(handle, io, info, info.length, ATTRIBUTE_TAG_INFORMATION);
  return status === 0 ? info.readUInt32LE(4) : 0;
}

/** Removes an empty directory, open with {@link DELETE}. @throws why not @returns false: something lies in it */
export function isEmptyAndGone(handle: Handle, name: string): boolean {
  const status = setDisposition(handle);
  if (status === DIRECTORY_NOT_EMPTY) return false;
  check(`removing ${name}`, status);
  return true;
}

/**
 * Its name goes at once, also while somebody holds it; where Windows has no such way (before 1709, another file system) with the
 * last handle to it. @throws where it can't, a directory that is not empty above all
 */
export function dispose(handle: Handle, name: string): void {
  const info = Buffer.alloc(52);
  setupNative().GetFileInformationByHandle(handle, info);
  if ((info.readUInt32LE(0) & ATTRIBUTE_READ_ONLY) !== 0) {
    // FILE_BASIC_INFORMATION: four times that stay, and the attributes.
    const basic = Buffer.alloc(40);
    basic.writeUInt32LE(ATTRIBUTE_NORMAL, 32);
    setupNative().NtSetInformationFile(handle, Buffer.alloc(16), basic, basic.length, BASIC_INFORMATION);
  }
  const now = setDisposition(handle);
  if (now === 0) return;
  if (now === DIRECTORY_NOT_EMPTY) check(`removing ${name}`, now);
  check(
    `removing ${name}`,
    setupNative().NtSetInformationFile(handle, Buffer.alloc(16), Buffer.from([1]), 1, DISPOSITION_INFORMATION),
  );
}

function setDisposition(handle: Handle): number {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(DELETE_NOW);
  const io = Buffer.alloc(16);
  return setupNative().NtSetInformationFile(handle, io, flags, flags.length, DISPOSITION_INFORMATION_EX) >>> 0;
}

/** Gives it another name in its directory; it must be open with {@link DELETE}. */
export function renameIn(directory: Handle, handle: Handle, name: string): void {
  const text = Buffer.from(name, 'utf16le');
  // FILE_RENAME_INFORMATION: not over another one; where; how long the name is; the name.
  const info = Buffer.alloc(Math.max(24, 20 + text.length));
  info.writeBigInt64LE(BigInt(directory), 8);
  info.writeUInt32LE(text.length, 16);
  text.copy(info, 20);
  check(
    `renaming to ${name}`,
    setupNative().NtSetInformationFile(handle, Buffer.alloc(16), info, info.length, RENAME_INFORMATION),
  );
}
