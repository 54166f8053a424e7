/**
 * Who holds a file or a directory open, and their end where that keeps us from it. Invariant: only what runs as a person without
 * the rights of an administrator is ended, and only while it holds what is in the way; everything else is named.
 */
import { win32 } from 'node:path';
import { errorText } from '../../base/logger.ts';
import { blockFor } from '../../base/sleep.ts';
import { errorCode } from '../../shared/error-code.ts';
import { isTrusted } from './access-list.ts';
import { type Handle, native } from './native.ts';
import { whatItIs } from './no-follow.ts';
import {
  DIRECTORY_FILE,
  entriesIn,
  isHeld,
  isLink,
  isNotEmpty,
  STAT,
  WALK,
  wholePath,
  withOpenIn,
} from './nt-files.ts';
import { BACKUP, DEBUG, withPrivileges } from './privileges.ts';
import { pathOf } from './running-programs.ts';
import { setupNative } from './setup-native.ts';
import { groupsOf, ownerOfMade, sidOf } from './sids.ts';
import { TOKEN_QUERY } from './win32-constants.ts';

const PROCESS_IDS_USING_FILE_INFORMATION = 47;
const MORE_ROOM = new Set([0xc000_0004, 0x8000_0005, 0xc000_0023]);
const MOST_BYTES = 1024 * 1024;
/** A person may lay down as many as the disk holds, as deep as a path goes. */
const SEARCHES_FOR_MS = 30_000;
const DEEPEST = 4_000;
const [PROCESS_TERMINATE, PROCESS_QUERY_LIMITED_INFORMATION, SYNCHRONIZE] = [0x1, 0x1000, 0x10_0000];
const ENDS_WITHIN_MS = 5_000;
const TRIES = 10;
const TRY_EVERY_MS = 200;
/** Whoever starts as many as he likes is outlasted, not counted. */
const INSISTS_FOR_MS = 120_000;

/** Says what was found and done, for people. */
export type Say = (line: string) => void;

/** The message says why, and who holds it as far as Windows tells. */
export class StillHeld extends Error {
  override readonly name = 'StillHeld';
}

/**
 * Calls `work` until it does not fail in a way that `isWorthATry`, ending whoever holds what lies at `name` in between.
 * @throws {StillHeld} where that was of no use; anything else at once
 */
export function insist<T>(
  { directory, name, path, say }: { directory: Handle; name: string; path: string; say: Say },
  work: () => T,
  isWorthATry: (error: unknown) => boolean,
): T {
  const untilMs = performance.now() + INSISTS_FOR_MS;
  for (;;) {
    let last: unknown;
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        return work();
      } catch (error) {
        if (!isWorthATry(error)) throw error;
        last = error;
      }
      blockFor(TRY_EVERY_MS);
    }
    const find = () => holdersAt(directory, name);
    const { ended, left } = withPrivileges([BACKUP, DEBUG], () => endHolders(find));
    for (const each of ended) say(`note: ended ${each}: it held ${path} open`);
    if (ended.length > 0 && performance.now() < untilMs) continue;
    const by = left.length === 0 ? '' : `; it is held open by ${left.join(', ')}`;
    throw new StillHeld(`${errorText(last)}${by}`);
  }
}

const IN_USE = new Set(['EPERM', 'EBUSY', 'EACCES']);

/** Of `node:fs`: somebody else has it open, and lets nobody do this meanwhile. */
export function isInUse(error: unknown): boolean {
  return IN_USE.has(errorCode(error));
}

/** The same for a `path` that has no open directory, whose way only administrators can change. */
export function insistOn<T>(path: string, work: () => T, say: Say): T {
  const name = win32.basename(path);
  return withOpenIn(0, wholePath(win32.dirname(path)), { access: STAT, options: DIRECTORY_FILE }, (directory) =>
    insist({ directory, name, path, say }, work, (error) => isHeld(error) || isNotEmpty(error) || isInUse(error)),
  );
}

/** What lies there, and below it: a directory can't be moved while something in it is open. Never through a link. */
function holdersAt(directory: Handle, name: string): Set<number> {
  const found = new Set<number>();
  const untilMs = performance.now() + SEARCHES_FOR_MS;
  const search = (from: Handle, each: string, depth: number): void => {
    if (performance.now() > untilMs || depth > DEEPEST) return;
    // These rights alone are never shared away.
    const goesIn = within(from, each, STAT, (handle) => {
      // Of a file with another name elsewhere others are told who use it there, and have done nothing.
      if (hasOneName(handle)) for (const pid of holdersOf(handle)) found.add(pid);
      return !isLink(handle);
    });
    if (goesIn !== true) return;
    within(from, each, WALK, (handle) => {
      for (const entry of entriesIn(handle)) search(handle, entry.name, depth + 1);
    });
  };
  search(directory, name, 0);
  found.delete(process.pid);
  return found;
}

function hasOneName(handle: Handle): boolean {
  const { isDirectory, links } = whatItIs(handle, 'a file that is held');
  return isDirectory || links <= 1;
}

/** undefined: it can't be opened or read so. */
function within<T>(directory: Handle, name: string, access: number, work: (handle: Handle) => T): T | undefined {
  try {
    return withOpenIn(directory, name, { access }, work);
  } catch {
    return;
  }
}

function holdersOf(handle: Handle): number[] {
  for (let bytes = 1024; bytes <= MOST_BYTES; bytes *= 4) {
    const info = Buffer.alloc(bytes);
    const kind = PROCESS_IDS_USING_FILE_INFORMATION;
    const status = setupNative().NtQueryInformationFile(handle, Buffer.alloc(16), info, bytes, kind) >>> 0;
    // wine knows nothing of it.
    if (!MORE_ROOM.has(status)) return status === 0 ? processIdsOf(info) : [];
  }
  return [];
}

/**
 * Whether another process has it open. To rename or to delete it would wait for one that has a lock on it, also where it shares it
 * with everybody.
 */
export function isUsedByOthers(handle: Handle): boolean {
  return holdersOf(handle).some((pid) => pid !== process.pid);
}

/** FILE_PROCESS_IDS_USING_FILE_INFORMATION. */
export function processIdsOf(info: Buffer): number[] {
  const room = Math.floor((info.length - 8) / 8);
  const count = Math.min(info.readUInt32LE(0), room);
  return Array.from({ length: count }, (_, at) => Number(info.readBigUInt64LE(8 + 8 * at)));
}

/**
 * Ends those of `find` that may be ended, and waits for their end. They are searched for again once each is held by a handle: from
 * then on its number is no other's. @returns both as text for people
 */
export function endHolders(find: () => ReadonlySet<number>): { readonly ended: string[]; readonly left: string[] } {
  const [ended, left]: [string[], string[]] = [[], []];
  const opened = new Map<number, Handle>();
  try {
    for (const pid of find()) opened.set(pid, openProcess(pid));
    const still = opened.size === 0 ? new Set<number>() : find();
    for (const [pid, handle] of opened) {
      if (!still.has(pid)) continue;
      const accounts = accountsOf(handle);
      const named = `process ${pid} (${pathOf(pid) ?? 'unknown'}) of ${accounts?.user ?? 'somebody'}`;
      const isEnded = accounts !== null && isAPersons(accounts) && native().TerminateProcess(handle, 1) !== 0;
      if (isEnded) native().WaitForSingleObject(handle, ENDS_WITHIN_MS);
      (isEnded ? ended : left).push(named);
    }
  } finally {
    for (const handle of opened.values()) if (handle !== 0) native().CloseHandle(handle);
  }
  return { ended, left };
}

/** 0: it may not be touched. */
function openProcess(pid: number): Handle {
  const query = PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE;
  return native().OpenProcess(query | PROCESS_TERMINATE, 0, pid) || native().OpenProcess(query, 0, pid);
}

export interface Accounts {
  readonly user: string;
  /** Whom what it makes belongs to: the Administrators, where it has their rights. */
  readonly owner: string;
  readonly groups: readonly string[];
}

function accountsOf(handle: Handle): Accounts | null {
  const token: [Handle] = [0];
  if (handle === 0 || native().OpenProcessToken(handle, TOKEN_QUERY, token) === 0) return null;
  try {
    return { user: sidOf(token[0]), owner: ownerOfMade(token[0]), groups: groupsOf(token[0]) };
  } catch {
    return null;
  } finally {
    native().CloseHandle(token[0]);
  }
}

/** Of the PC, a domain or Entra; most services have accounts of other kinds. */
const PERSON = /^S-1-(?:5-21|12-1)-/;
/** Batch and service: a service or a task of IT may have an account of a domain, and no person can sign in so. */
const NO_PERSONS = new Set(['S-1-5-3', 'S-1-5-6']);

/** Whether a program with these accounts may be ended where it is in the way. */
export function isAPersons({ user, owner, groups }: Accounts): boolean {
  return PERSON.test(user) && !isTrusted(user) && !isTrusted(owner) && !groups.some((group) => NO_PERSONS.has(group));
}
