/**
 * What somebody else has laid down before us is moved out of the way under a random name, whole and unread. Invariants: no name and
 * nobody who holds it open keeps it where it is; nothing is followed, as every step goes from an open directory to a name in it.
 */
import { randomBytes } from 'node:crypto';
import { wholeEnd } from '../../shared/whole-characters.ts';
import { insist, isUsedByOthers, type Say, StillHeld } from './holders.ts';
import type { Handle } from './native.ts';
import { DELETE, held, isNotThere, isRefused, renameIn, STAT, withOpenIn } from './nt-files.ts';

/** How the name of what was set aside goes on. */
export const NOT_TRUSTED = '.not-trusted-';
const SET_ASIDE = /\.not-trusted-[0-9a-f]{16}$/;

/** By the end of its name: set aside, and never read. A name that only looks like it is a name like any other. */
export function isSetAside(name: string): boolean {
  return SET_ASIDE.test(name);
}

/** Of the 255 units that NTFS has for a name. */
const KEPT_UNITS = 200;

/** The message is for people, and names the path. */
export class NotSecured extends Error {
  override readonly name = 'NotSecured';
}

/** What lies at `name` in `directory`; `path` and `why` are for people. @throws {NotSecured} */
export function setAside(directory: Handle, name: string, path: string, why: string, say: Say): void {
  const aside = asideName(name);
  const rename = () =>
    withOpenIn(directory, name, { access: DELETE | STAT }, (handle) => {
      if (isUsedByOthers(handle)) throw held(name);
      renameIn(directory, handle, aside);
    });
  try {
    // One that its owner has deleted, and somebody still holds, is just going.
    insist({ directory, name, path, say }, rename, (error) => isRefused(error) && !isNotThere(error));
  } catch (error) {
    if (isNotThere(error)) return;
    if (!(error instanceof StillHeld)) throw error;
    throw new NotSecured(`${path} ${why}, and can not be moved away: ${error.message}`);
  }
  say(`note: ${path} ${why}; it is not used, and lies in ${path.slice(0, path.length - name.length)}${aside}`);
}

/** Never longer than a name may be, and never half a character. */
export function asideName(name: string): string {
  const kept = name.slice(0, wholeEnd(name, KEPT_UNITS));
  return `${kept}${NOT_TRUSTED}${randomBytes(8).toString('hex')}`;
}
