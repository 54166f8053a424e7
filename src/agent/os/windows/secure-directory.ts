/**
 * Directories that decide what runs as SYSTEM. Invariants: one that we make is nobody else's for no moment; one that is there is
 * used only if it is a directory and no link, an administrator owns it, and after nobody else can change it or what is in it;
 * nothing is ever followed. What somebody else has laid down before us is moved out of the way under a random name, whole and
 * unread, so that nobody can hold up an installation either.
 */
import { randomBytes } from 'node:crypto';
import { renameSync, rmdirSync } from 'node:fs';
import { win32 } from 'node:path';
import { errorCode } from '../../../shared/error-code.ts';
import { errorText } from '../../base/logger.ts';
import { makeDirectory, withDescriptor } from './access.ts';
import { accessOf, distrust, isTrusted } from './access-list.ts';
import { type Handle, lastError, native, WindowsError } from './native.ts';
import { type Opened, READ_CONTROL, WRITE_DAC, WRITE_OWNER, whatItIs, withOpened } from './no-follow.ts';
import { DELETE, type EntryIn, entriesIn, isNotThere, isRefused, LOOK, openIn, renameIn, WALK } from './nt-files.ts';
import { setupNative } from './setup-native.ts';

const ERROR_ALREADY_EXISTS = 183;
const OWNER_AND_PROTECTED_DACL = 0x8000_0005;
const OWNER_AND_DACL = 0x5;
const TRIES = 10;
const TRY_EVERY_MS = 200;

/** By this part of its name: set aside, and never read. */
export const NOT_TRUSTED = '.not-trusted-';

/** Says what was found and done, for people. */
export type Say = (line: string) => void;

/** The message is for people, and names the path. */
export class NotSecured extends Error {
  override readonly name = 'NotSecured';
}

/**
 * Makes the directory with owner and access list of `sddl`, or makes sure of the one that is there and, if `deep`, of all that is
 * in it. Its parent must be safe already. @throws {NotSecured}
 */
export function secureDirectory(path: string, sddl: string, deep: boolean, say: Say): void {
  for (let tries = 0; tries < 3; tries++) {
    if (isMade(path, sddl)) return;
    const why = attempt(path, () => takeOver(path, sddl, deep, say));
    if (why === null) return;
    if (why !== REMOVED) setAside(path, why, say);
  }
  throw new NotSecured(`${path} is put back again and again by somebody else`);
}

const REMOVED = Symbol('removed');

function isMade(path: string, sddl: string): boolean {
  try {
    makeDirectory(path, sddl);
    return true;
  } catch (error) {
    if (error instanceof WindowsError && error.code === ERROR_ALREADY_EXISTS) return false;
    throw new NotSecured(errorText(error));
  }
}

function attempt(path: string, work: () => string | typeof REMOVED | null): string | typeof REMOVED | null {
  try {
    return work();
  } catch (error) {
    // Somebody may have shut us out of it: then it is somebody else's.
    if (isGone(error)) return REMOVED;
    if (error instanceof WindowsError || isRefused(error)) return `can not be looked at: ${errorText(error)}`;
    throw error instanceof NotSecured ? error : new NotSecured(`${path}: ${errorText(error)}`);
  }
}

const ERROR_FILE_NOT_FOUND = 2;
const ERROR_PATH_NOT_FOUND = 3;

function isGone(error: unknown): boolean {
  if (error instanceof WindowsError) return error.code === ERROR_FILE_NOT_FOUND || error.code === ERROR_PATH_NOT_FOUND;
  return isNotThere(error) || errorCode(error) === 'ENOENT';
}

/** null: it is safe now. Else why it is not ours to use. */
function takeOver(path: string, sddl: string, deep: boolean, say: Say): string | typeof REMOVED | null {
  return withOpened(path, WRITE_DAC | WRITE_OWNER | WALK, (opened) => {
    const why = isNotOurs(opened, true);
    if (why !== null) return why;
    const wasOpen = distrust(accessOf(opened.handle)) !== null;
    setAccess(opened.handle, path, sddl, OWNER_AND_PROTECTED_DACL);
    if (wasOpen && isRemoved(path)) return REMOVED;
    if (!deep) return null;
    const kept = takeOverInside(opened.handle, path, sddl, say);
    return wasOpen && kept === 0 ? ONLY_THEIRS : null;
  });
}

/**
 * Who has opened an empty directory before it was shut could still make a link of it. One that holds something of ours, which
 * nobody else can take out of it, never is empty.
 */
const ONLY_THEIRS = 'could be changed by others, and holds nothing of ours';

/** What lies in a directory that is shut already, from handle to handle. @returns how many of it are ours, and stay */
function takeOverInside(directory: Handle, path: string, sddl: string, say: Say): number {
  let kept = 0;
  for (const entry of entriesIn(directory)) {
    const inner = win32.join(path, entry.name);
    if (entry.name.includes(NOT_TRUSTED)) continue;
    const why = attempt(inner, () => takeOverEntry(directory, entry, inner, sddl, say));
    if (why === null) kept += 1;
    else if (why !== REMOVED) setAsideIn(directory, entry.name, inner, why, say);
  }
  return kept;
}

function takeOverEntry(
  directory: Handle,
  entry: EntryIn,
  path: string,
  sddl: string,
  say: Say,
): string | typeof REMOVED | null {
  if (entry.isLink) return 'leads elsewhere';
  const access = READ_CONTROL | WRITE_DAC | WRITE_OWNER | (entry.isDirectory ? WALK : LOOK);
  const handle = openIn(directory, entry.name, access);
  try {
    const opened = { handle, ...whatItIs(handle, path) };
    const why = isNotOurs(opened, entry.isDirectory);
    if (why !== null) return why;
    const before = accessOf(handle);
    const open = distrust(before);
    // What others could write into a file is not ours.
    if (open !== null && !opened.isDirectory) return open;
    if (open !== null || !before.isProtected) inherit(opened, path, sddl);
    if (!opened.isDirectory) return null;
    const kept = takeOverInside(handle, path, sddl, say);
    return open !== null && kept === 0 ? ONLY_THEIRS : null;
  } finally {
    native().CloseHandle(handle);
  }
}

function isNotOurs({ isLink, isDirectory, links, handle }: Opened, mustBeDirectory: boolean): string | null {
  if (isLink) return 'leads elsewhere';
  if (isDirectory !== mustBeDirectory) return 'is no directory';
  // Another name of a file that belongs to somebody else: what we give or take here would count there.
  if (!isDirectory && links > 1) return 'has another name elsewhere';
  const { owner } = accessOf(handle);
  return isTrusted(owner) ? null : `belongs to ${owner}, who is no administrator`;
}

/** As what is put into a directory with `sddl` gets it. */
function inherit({ handle, isDirectory }: Opened, path: string, sddl: string): void {
  const inherited = sddl.replace('D:P(', 'D:ARAI(').replaceAll(';OICI;', isDirectory ? ';OICIID;' : ';ID;');
  setAccess(handle, path, inherited, OWNER_AND_DACL);
}

function setAccess(handle: Handle, path: string, sddl: string, what: number): void {
  withDescriptor(sddl, (descriptor) => {
    if (setupNative().SetKernelObjectSecurity(handle, what >>> 0, descriptor) === 0)
      throw lastError(`protecting ${path}`);
  });
}

function isRemoved(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    // Something lies in it: then it can't become a link.
    return false;
  }
}

function setAside(path: string, why: string, say: Say): void {
  const aside = `${path}${asideName()}`;
  movedAway(path, why, () => renameSync(path, aside), say, aside);
}

/** The same from the open directory on: whatever its path leads to by now. */
function setAsideIn(directory: Handle, name: string, path: string, why: string, say: Say): void {
  const end = asideName();
  const rename = () => {
    const handle = openIn(directory, name, DELETE | LOOK);
    try {
      renameIn(directory, handle, `${name}${end}`);
    } finally {
      native().CloseHandle(handle);
    }
  };
  movedAway(path, why, rename, say, `${path}${end}`);
}

function asideName(): string {
  return `${NOT_TRUSTED}${randomBytes(8).toString('hex')}`;
}

function movedAway(path: string, why: string, rename: () => void, say: Say, aside: string): void {
  for (let tries = 1; ; tries++) {
    try {
      rename();
      break;
    } catch (error) {
      // One that its owner has deleted, and somebody still holds, is just going.
      if (isGone(error)) return;
      if (tries === TRIES) throw new NotSecured(`${path} ${why}, and can not be moved away: ${errorText(error)}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_EVERY_MS);
    }
  }
  say(`note: ${path} ${why}; it is not used, and lies in ${aside}`);
}

/** What is wrong with a directory or a file as it is, which must be there; null: only administrators can change it. */
export function untrusted(path: string, rights?: number): string | null {
  try {
    return withOpened(path, 0, ({ handle, isLink }) =>
      isLink ? 'leads elsewhere' : distrust(accessOf(handle), rights),
    );
  } catch (error) {
    if (!(error instanceof WindowsError)) throw error;
    return `can not be looked at: ${error.message}`;
  }
}
