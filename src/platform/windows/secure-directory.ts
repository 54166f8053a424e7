/**
 * Directories that decide what runs as SYSTEM. Invariants: one that we make is nobody else's for no moment; one that is there is
 * used only if it is a directory and no link, an administrator owns it, and after nobody else can change it or what is in it;
 * nothing is ever followed: every step goes from an open directory to a name in it. What somebody else has laid down before us is
 * set aside, so that nobody can hold up an installation either.
 */
import { win32 } from 'node:path';
import { atEnd } from '../../base/at-end.ts';
import { errorText } from '../../base/logger.ts';
import { blockFor } from '../../base/sleep.ts';
import { passedOn, READABLE_TOO, setAccess, withDescriptor } from './access.ts';
import { accessOf, distrust, READS, readerOf } from './access-list.ts';
import { insist, isUsedByOthers, type Say, StillHeld } from './holders.ts';
import { type Handle, native, WindowsError } from './native.ts';
import { type Opened, whatItIs, withOpened } from './no-follow.ts';
import {
  DELETE,
  DIRECTORY_FILE,
  entriesIn,
  isEmptyAndGone,
  isHeld,
  isLink,
  isNotThere,
  isRefused,
  makeIn,
  openIn,
  SHARE_IN_PLACE,
  STAT,
  WALK,
  wholePath,
  withLocked,
  withOpenIn,
} from './nt-files.ts';
import { holdsOurs, isNotOurs } from './ours.ts';
import { isSetAside, NotSecured, setAside } from './set-aside.ts';
import { OWNER_AND_PROTECTED_DACL, READ_CONTROL, WRITE_DAC, WRITE_OWNER } from './win32-constants.ts';

const OWNER_AND_DACL = 0x5;
/** Somebody may put another one there as quickly as we move the last away; ours comes first sooner or later. */
const TRIES_FOR_MS = 10_000;
const TRY_EVERY_MS = 5;
const REPLACE = 'a secret in it should be replaced by another one';
const FILE_NOT_FOUND = new Set([2, 3]);

/** What is done to what lies in it. */
export interface Inside {
  /** False: it is not touched. */
  readonly deep: boolean;
  /** Also what has a list of its own, which nobody else can change: it gets that of the directory. */
  readonly alsoProtected?: boolean;
  /** Files directly in it that everybody may read, in small letters. */
  readonly readable?: readonly string[];
  /** Of a file that others could read until now it is said: there may be a secret in it. */
  readonly tellsReaders?: boolean;
}

interface Work extends Inside {
  readonly sddl: string;
  readonly say: Say;
}

/**
 * Makes the directory with owner and access list of `sddl`, or makes sure of the one that is there and, if `deep`, of all that is
 * in it. Its parent must be safe already, but for its becoming a link. @throws {NotSecured}
 */
export function secureDirectory(path: string, sddl: string, inside: Inside, say: Say): void {
  const name = win32.basename(path);
  const work = { ...inside, sddl, say };
  const above = opened(win32.dirname(path));
  using _ = atEnd(() => native().CloseHandle(above));
  for (const untilMs = performance.now() + TRIES_FOR_MS; performance.now() < untilMs; blockFor(TRY_EVERY_MS)) {
    if (!isMade(above, name, path, sddl)) {
      const why = attempt(above, name, path, work, () => takeOver(above, name, path, work));
      if (why !== null && why !== REMOVED) setAside(above, name, path, why, say);
      if (why !== null && !isMade(above, name, path, sddl)) continue;
    }
    // It was one all the while, or can't become one any more: something of ours lies in it.
    if (isLink(above)) throw new NotSecured(`${win32.dirname(path)} leads elsewhere`);
    return;
  }
  throw new NotSecured(`${path} is put back again and again by somebody else`);
}

/** @throws {NotSecured} also where it is a link */
function opened(path: string): Handle {
  let handle: Handle;
  try {
    handle = openIn(0, wholePath(path), STAT, DIRECTORY_FILE);
  } catch (error) {
    throw new NotSecured(`${path}: ${errorText(error)}`);
  }
  if (!isLink(handle)) return handle;
  native().CloseHandle(handle);
  throw new NotSecured(`${path} leads elsewhere`);
}

function isMade(above: Handle, name: string, path: string, sddl: string): boolean {
  try {
    let made = false;
    withDescriptor(sddl, (descriptor) => {
      made = makeIn(above, name, descriptor);
    });
    return made;
  } catch (error) {
    throw new NotSecured(`${path}: ${errorText(error)}`);
  }
}

const REMOVED = Symbol('removed');
/** null: it is safe now. Else why it is not ours to use. */
type Why = string | typeof REMOVED | null;

function attempt(directory: Handle, name: string, path: string, { say }: Work, work: () => Why): Why {
  try {
    return insist({ directory, name, path, say }, work, isHeld);
  } catch (error) {
    if (error instanceof NotSecured) throw error;
    if (error instanceof StillHeld) throw new NotSecured(`${path} can not be looked at: ${error.message}`);
    if (isNotThere(error) || (error instanceof WindowsError && FILE_NOT_FOUND.has(error.code))) return REMOVED;
    // Somebody may have shut us out of it: then it is somebody else's.
    if (error instanceof WindowsError || isRefused(error)) return `can not be looked at: ${errorText(error)}`;
    throw new NotSecured(`${path}: ${errorText(error)}`);
  }
}

function takeOver(above: Handle, name: string, path: string, work: Work): Why {
  const why = judged(above, name, path, true, (opened) => {
    setAccess(opened.handle, path, work.sddl, OWNER_AND_PROTECTED_DACL);
    return null;
  });
  if (why !== null) return why;
  // Nobody can open it any more: who still has it is ended once, and does not come back.
  if (isRemoved(above, name)) return REMOVED;
  return within(above, name, path, (handle) => {
    const holds = work.deep ? takeOverInside(handle, path, work) > 0 : holdsOurs(handle);
    if (!holds) return ONLY_THEIRS;
    staysInPlace(above, name, path, work);
    return null;
  });
}

/** Goes into a directory that has been shut; by its name, so it is checked once more. */
function within(directory: Handle, name: string, path: string, work: (handle: Handle) => Why): Why {
  return withOpenIn(directory, name, { access: WALK | READ_CONTROL }, (handle) => {
    const why = isNotOurs({ handle, ...whatItIs(handle, path) }, true) ?? distrust(accessOf(handle));
    return why ?? work(handle);
  });
}

/** Checks it, and does `work` where it is ours, also while somebody holds it: its list can be read and set all the same. */
function judged(
  directory: Handle,
  name: string,
  path: string,
  mustBeDirectory: boolean,
  work: (opened: Opened) => Why,
): Why {
  return withLocked(directory, name, READ_CONTROL | WRITE_DAC | WRITE_OWNER | STAT, (handle) => {
    const opened = { handle, ...whatItIs(handle, path) };
    return isNotOurs(opened, mustBeDirectory) ?? work(opened);
  });
}

/**
 * Who has opened an empty directory before it was shut, now or by a set-up that failed, could still make a link of it. One that
 * holds something of ours, which nobody else can take out of it, never is empty.
 */
const ONLY_THEIRS = 'could be changed by others, and holds nothing of ours';

/** Who has opened it before it was shut could still take it away. Nobody can open it so any more: to check once is enough. */
function staysInPlace(directory: Handle, name: string, path: string, { say }: Work): void {
  const check = () => withOpenIn(directory, name, { access: WALK, share: SHARE_IN_PLACE }, () => {});
  insist({ directory, name, path, say }, check, isHeld);
}

/** What lies in a directory that is shut already, from handle to handle. @returns how many of it are ours, and stay */
function takeOverInside(directory: Handle, path: string, work: Work): number {
  let kept = 0;
  for (const { name, isDirectory, isLink } of entriesIn(directory)) {
    const inner = win32.join(path, name);
    if (isSetAside(name)) continue;
    const why = isLink
      ? 'leads elsewhere'
      : attempt(directory, name, inner, work, () => takeOverEntry(directory, name, inner, isDirectory, work));
    if (why === null) kept += 1;
    else if (why !== REMOVED) setAside(directory, name, inner, why, work.say);
  }
  return kept;
}

function takeOverEntry(directory: Handle, name: string, path: string, mustBeDirectory: boolean, work: Work): Why {
  let wasOpen = false;
  const why = judged(directory, name, path, mustBeDirectory, (opened) => {
    const before = accessOf(opened.handle);
    const open = distrust(before);
    // What others could write into a file is not ours.
    if (open !== null && !opened.isDirectory) return open;
    wasOpen = open !== null;
    const isReadable = !opened.isDirectory && (work.readable ?? []).includes(name.toLowerCase());
    if (wasOpen || !before.isProtected || work.alsoProtected === true) {
      inherit(opened, path, work.sddl, isReadable);
      const reader = opened.isDirectory || isReadable || work.tellsReaders !== true ? null : readerOf(before, READS);
      if (reader !== null) work.say(`note: ${path} could be read by ${reader} until now: ${REPLACE}`);
    }
    return null;
  });
  if (why !== null || !mustBeDirectory) return why;
  return within(directory, name, path, (handle) => {
    const kept = takeOverInside(handle, path, { ...work, readable: [] });
    if (wasOpen && kept === 0) return ONLY_THEIRS;
    staysInPlace(directory, name, path, work);
    return null;
  });
}

function inherit({ handle, isDirectory }: Opened, path: string, sddl: string, isReadable: boolean): void {
  setAccess(handle, path, passedOn(sddl, isDirectory, isReadable ? READABLE_TOO : ''), OWNER_AND_DACL);
}

/** False: something lies in it, or it does not go; then what lies in it decides. */
function isRemoved(directory: Handle, name: string): boolean {
  try {
    const how = { access: DELETE | STAT, options: DIRECTORY_FILE };
    return withOpenIn(directory, name, how, (handle) => !isUsedByOthers(handle) && isEmptyAndGone(handle, name));
  } catch {
    return false;
  }
}

/**
 * Gives a directory of ours that nobody else could open until now, or a file, to those whom `sddl` names; if `deep`, all that is in
 * it too, from the inside out. Nobody can hold that up: what they hold meanwhile is theirs already. @throws where Windows refuses
 */
export function giveAccess(path: string, sddl: string, { deep }: { readonly deep: boolean }): void {
  const above = opened(win32.dirname(path));
  using _ = atEnd(() => native().CloseHandle(above));
  if (deep) withOpenIn(above, win32.basename(path), { access: WALK }, (handle) => giveInside(handle, path, sddl));
  give(above, win32.basename(path), path, sddl, OWNER_AND_PROTECTED_DACL);
}

function giveInside(directory: Handle, path: string, sddl: string): void {
  for (const { name, isDirectory, isLink } of entriesIn(directory)) {
    if (isLink) continue;
    const inner = win32.join(path, name);
    if (isDirectory) withOpenIn(directory, name, { access: WALK }, (handle) => giveInside(handle, inner, sddl));
    give(directory, name, inner, passedOn(sddl, isDirectory, ''), OWNER_AND_DACL);
  }
}

function give(directory: Handle, name: string, path: string, sddl: string, what: number): void {
  withLocked(directory, name, WRITE_DAC | WRITE_OWNER | STAT, (handle) => setAccess(handle, path, sddl, what));
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

/** Who else may read a file, which must be there; null: nobody. What can't be checked counts as read by somebody. */
export function readerOfFile(path: string): string | null {
  try {
    return withOpened(path, 0, ({ handle }) => readerOf(accessOf(handle), READS));
  } catch (error) {
    if (!(error instanceof WindowsError)) throw error;
    return 'somebody';
  }
}
