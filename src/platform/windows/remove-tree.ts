/**
 * Removes a directory with all that is in it, where somebody else may be putting links into it at the same time. Invariant: every
 * step goes from an open directory to a name in it, and a link is taken away, never followed; so nothing outside of it is touched,
 * whoever exchanges what meanwhile.
 */
import { win32 } from 'node:path';
import { atEnd } from '../../base/at-end.ts';
import { isUsedByOthers } from './holders.ts';
import { type Handle, native } from './native.ts';
import {
  DELETE,
  DIRECTORY_FILE,
  dispose,
  type EntryIn,
  entriesIn,
  held,
  isLink,
  isNotThere,
  openIn,
  STAT,
  WALK,
  WRITE_ATTRIBUTES,
  wholePath,
} from './nt-files.ts';

/**
 * Removes `path`, or what `steps` lead to below it; what lies above must be safe. @returns whether something was there
 * @throws where it can't be removed
 */
export function removeTree(path: string, ...steps: readonly string[]): boolean {
  return steps.length > 0 ? removeBelow(path, steps) : removeBelow(win32.dirname(path), [win32.basename(path)]);
}

/**
 * Removes what `steps` lead to from `root` on, which must be an absolute path that only administrators can exchange. None of the
 * steps is followed if it is a link: then nothing is done. @returns whether something was there @throws where it can't be removed
 */
export function removeBelow(root: string, steps: readonly string[]): boolean {
  const name = steps.at(-1);
  if (name === undefined) throw new Error('nothing is named');
  const opened: Handle[] = [];
  try {
    let at = openIn(0, wholePath(root), WALK, DIRECTORY_FILE);
    opened.push(at);
    if (isLink(at)) return false;
    for (const step of steps.slice(0, -1)) {
      const entry = entriesIn(at).find((each) => each.name.toLowerCase() === step.toLowerCase());
      if (entry === undefined || entry.isLink || !entry.isDirectory) return false;
      at = openIn(at, entry.name, WALK, DIRECTORY_FILE);
      opened.push(at);
      if (isLink(at)) return false;
    }
    const last = entriesIn(at).find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (last === undefined) return false;
    removeEntry(at, last, 0);
    return true;
  } catch (error) {
    if (isNotThere(error)) return false;
    throw error;
  } finally {
    for (const handle of opened.reverse()) native().CloseHandle(handle);
  }
}

/** Deeper than any of ours; a person may make one that goes on and on. */
const DEEPEST = 64;

function removeEntry(directory: Handle, entry: EntryIn, depth: number): void {
  const goesIn = entry.isDirectory && !entry.isLink;
  const access = DELETE | WRITE_ATTRIBUTES | (goesIn ? WALK : STAT);
  let handle: Handle;
  try {
    handle = openIn(directory, entry.name, access);
  } catch (error) {
    if (isNotThere(error)) return;
    throw error;
  }
  using _ = atEnd(() => native().CloseHandle(handle));
  // It may be another one than a moment ago.
  if (goesIn && !isLink(handle)) {
    if (depth > DEEPEST) throw new Error(`${entry.name} lies too deep`);
    removeInside(handle, depth + 1);
  }
  if (isUsedByOthers(handle)) throw held(entry.name);
  dispose(handle, entry.name);
}

/** What can't go does not keep the rest. @throws the first failure, in the end */
function removeInside(directory: Handle, depth: number): void {
  const failures: unknown[] = [];
  for (const entry of entriesIn(directory)) {
    try {
      removeEntry(directory, entry, depth);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
