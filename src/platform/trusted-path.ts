/**
 * Whether what lies at a path can be changed by anybody but those who decide what we do anyway: root or the Administrators, and
 * the account that we run as. What is not there yet is not distrusted: whether it can be put there, the directory above says.
 */
import { accessSync, constants, lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { errorCode } from '../shared/error-code.ts';
import { rightsAbove } from './windows/access-list.ts';
import { untrusted } from './windows/secure-directory.ts';

/** Why somebody else could change the file or the directory, or what is in it; null: nobody could. */
export function distrustPath(path: string): string | null {
  if (process.platform !== 'win32') return onPosix(path, false);
  return isThere(path) ? untrusted(path) : null;
}

/** Why somebody else could put something else into the place of `path`, and where; null: nobody could. */
export function distrustAbove(path: string): { readonly path: string; readonly why: string } | null {
  if (process.platform === 'win32') return upwards(path);
  for (const { at, is } of waysTo(path)) {
    const theirs = is === 'link' ? distrustLink(at) : is === 'left' ? onPosix(at, true) : null;
    if (theirs !== null) return { path: at, why: theirs };
    const found = upwards(at);
    if (found !== null) return found;
  }
  return null;
}

/** Why the name itself, where it is a link, is somebody else's; null: it is none, or ours. Not on Windows. */
export function distrustLink(path: string): string | null {
  const link = lstatSync(path, { throwIfNoEntry: false });
  return link?.isSymbolicLink() && !isOurs(link.uid) ? `is a link of user ${link.uid}` : null;
}

/** As many as the kernel follows. */
const MAX_LINKS = 40;

interface Way {
  readonly at: string;
  /** `left`: a directory out of which `..` leads again; whoever could write into it could make the name before that a link. */
  readonly is: 'link' | 'left' | 'end';
}

/**
 * Each link that is followed on the way to `path`, also one that another has led to, each directory that is left again, and where
 * it ends. Above each of them lie directories alone: whoever could write into one of those could lead the way elsewhere. Whose
 * link the name itself is, is asked by {@link distrustLink}.
 */
function waysTo(path: string): Way[] {
  const ways: Way[] = [];
  // Not made shorter: `..` behind a link leads elsewhere than it reads.
  const ahead = partsOf(posix.isAbsolute(path) ? path : `${process.cwd()}/${path}`);
  let at = '/';
  let links = 0;
  let isBeforeName = true;
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '..') ways.push({ at, is: 'left' });
    // Also `..` of a link's text: no link is left in `at`.
    const next = posix.join(at, part);
    const isName = isBeforeName && ahead.length === 0;
    if (isName) isBeforeName = false;
    const target = links < MAX_LINKS ? linkText(next) : null;
    if (target === null) {
      at = next;
      continue;
    }
    links += 1;
    ways.push({ at: next, is: isName ? 'end' : 'link' });
    ahead.unshift(...partsOf(target));
    if (posix.isAbsolute(target)) at = '/';
  }
  return [...ways, { at, is: 'end' }];
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** null: no link, or not there, or nothing that we can read. */
function linkText(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function upwards(path: string): { readonly path: string; readonly why: string } | null {
  const paths = process.platform === 'win32' ? win32 : posix;
  for (let at = paths.dirname(path), below = path; at !== below; below = at, at = paths.dirname(at)) {
    const why = process.platform === 'win32' ? above(at) : onPosix(at, true);
    if (why !== null) return { path: at, why };
  }
  return null;
}

function above(path: string): string | null {
  return isThere(path) ? untrusted(path, rightsAbove(path)) : null;
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function onPosix(path: string, isAbove: boolean): string | null {
  try {
    const theirs = distrustLink(path);
    if (theirs !== null) return theirs;
    const link = lstatSync(path);
    const why = ofStats(link.isSymbolicLink() ? statSync(path) : link, isAbove);
    return why !== null && isReadOnly(path) ? null : why;
  } catch {
    // Not there, or nothing that we can read: then it is not obeyed either.
    return null;
  }
}

/** On a file system that nobody writes to, as settings are given to a container, whatever the mode says. */
function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return errorCode(error) === 'EROFS';
  }
}

function ofStats({ uid, gid, mode }: Stats, isAbove: boolean): string | null {
  if (!isOurs(uid)) return `belongs to user ${uid}, who could change it`;
  // In a sticky directory (`/tmp`) nobody can take away what belongs to another.
  if (isAbove && (mode & STICKY) !== 0) return null;
  if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0) return 'can be written by everybody';
  const isOwnGroup = gid === 0 || gid === process.getegid?.();
  return (mode & GROUP_WRITES) !== 0 && !isOwnGroup ? `can be written by group ${gid}` : null;
}

const STICKY = 0o1000;
const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;

function isOurs(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
