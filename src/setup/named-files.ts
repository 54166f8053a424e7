/**
 * Files that the words of the command line name, where a person is at the screen: somebody else may have given them those words, and
 * the installer's name is all that they have agreed to so far (threat-model §6). Invariants: before they have agreed to more, nothing
 * is opened on another computer, which would learn who signs in to it; nothing is deleted but what lies beside the installer.
 */
import { win32 } from 'node:path';
import { isOfThisPc } from '../platform/windows/drives.ts';

/** Why `path`, a whole one, is not opened; null: it is. `beside`: the directory of the installer, which was opened already; null: none was started. */
export function whyNotOpened(
  path: string,
  beside: string | null,
  isHere: (path: string) => boolean = isOfThisPc,
): string | null {
  return isHere(path) || (beside !== null && isBelow(path, beside)) ? null : 'is not on a drive of this PC';
}

/** Why `path`, a whole one, is not deleted once its secret is stored; null: it is. */
export function whyNotDeleted(path: string, beside: string | null): string | null {
  return beside !== null && isSame(win32.dirname(path), beside) ? null : 'it does not lie beside the installer';
}

function isBelow(path: string, directory: string): boolean {
  return path.toLowerCase().startsWith(`${directory.toLowerCase().replace(/\\+$/, '')}\\`);
}

function isSame(one: string, other: string): boolean {
  const plain = (path: string) => win32.normalize(path).replace(/\\+$/, '').toLowerCase();
  return plain(one) === plain(other);
}
