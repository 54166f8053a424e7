/**
 * What of a directory is ours. Invariant: only what an administrator owns, by this name alone, and what keeps a directory from ever
 * being empty only where nobody else can take it out.
 */
import { accessOf, distrust, isTrusted } from './access-list.ts';
import type { Handle } from './native.ts';
import { type Opened, whatItIs } from './no-follow.ts';
import { entriesIn, isHeld, STAT, WALK, withOpenIn } from './nt-files.ts';
import { isSetAside } from './set-aside.ts';
import { READ_CONTROL } from './win32-constants.ts';

/** Why it is not, for people; null: it is. */
export function isNotOurs({ isLink, isDirectory, links, handle }: Opened, mustBeDirectory: boolean): string | null {
  if (isLink) return 'leads elsewhere';
  if (isDirectory !== mustBeDirectory) return 'is no directory';
  // Another name of a file that belongs to somebody else: what we give or take here would count there.
  if (!isDirectory && links > 1) return 'has another name elsewhere';
  const { owner } = accessOf(handle);
  return isTrusted(owner) ? null : `belongs to ${owner}, who is no administrator`;
}

/** Whether something lies in it that nobody else can take out of it, however deep: then it never is empty. Nothing is done to it. */
export function holdsOurs(directory: Handle): boolean {
  return entriesIn(directory).some(({ name, isDirectory, isLink }) => {
    if (isLink || isSetAside(name)) return false;
    try {
      return isOursToStay(directory, name, isDirectory);
    } catch (error) {
      // Whoever holds it can't make it look empty.
      if (isHeld(error)) throw error;
      return false;
    }
  });
}

function isOursToStay(directory: Handle, name: string, isDirectory: boolean): boolean {
  return withOpenIn(directory, name, { access: READ_CONTROL | (isDirectory ? WALK : STAT) }, (handle) => {
    if (isNotOurs({ handle, ...whatItIs(handle, name) }, isDirectory) !== null) return false;
    return distrust(accessOf(handle)) === null || (isDirectory && holdsOurs(handle));
  });
}
