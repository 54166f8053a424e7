/**
 * Whether the product may be where `/D` says. Invariants: a PC has it once, so that what is looked at, and asked about, is what counts
 * there; its programs run as the system, so they lie on a disk of which Windows alone says who may change what.
 */
import { win32 } from 'node:path';
import { isFixedDrive, whyNotOfWindows } from '../platform/windows/drives.ts';
import { SETUP_EXIT, SetupError } from './exit-codes.ts';
import { Layout } from './layout.ts';
import { PRODUCT, UNINSTALL_KEY } from './names.ts';
import type { System } from './system.ts';

/** What Windows says of disks. */
export interface Disks {
  readonly whyNotOfWindows: (path: string) => string | null;
  readonly isFixed: (letter: string) => boolean;
}

const WINDOWS_DISKS: Disks = { whyNotOfWindows, isFixed: isFixedDrive };

/**
 * `asks`: a person may have been given the words, who sees the name of the installer alone. Without one they are IT's (threat-model
 * §10), and so may be another built-in disk. @throws {SetupError}
 */
export function refuseOtherPlace(
  root: string,
  asks: boolean,
  system: Pick<System, 'readValue'>,
  disks: Disks = WINDOWS_DISKS,
): void {
  const installed = installedAt(system);
  if (installed !== null && isSamePath(installed, root)) return;
  if (installed !== null && isThere(installed))
    throw refused(`${PRODUCT} is installed in ${installed}, and a PC has it once; leave out /D, or remove it first`);
  const why = asks ? disks.whyNotOfWindows(root) : whyNotBuiltIn(root, disks);
  if (why !== null) throw refused(`${root} ${why}; name a directory by /D that is, or leave it out`);
}

/** As the list of apps says, which only administrators write; null: nowhere. */
function installedAt(system: Pick<System, 'readValue'>): string | null {
  const value = system.readValue(UNINSTALL_KEY, 'InstallLocation');
  return value.kind === 'text' && value.text !== '' ? value.text : null;
}

/** What can't be read is not the same as nothing. */
function isThere(root: string): boolean {
  try {
    return new Layout(root).current !== null;
  } catch {
    return true;
  }
}

/** null: only on a built-in disk does Windows alone say who may change what. */
export function whyNotBuiltIn(path: string, disks: Pick<Disks, 'isFixed'> = WINDOWS_DISKS): string | null {
  const letter = /^([a-z]):\\/i.exec(path)?.[1];
  return letter !== undefined && disks.isFixed(letter) ? null : 'is not on a built-in disk';
}

function isSamePath(one: string, other: string): boolean {
  const plain = (path: string) => win32.normalize(path).replace(/\\+$/, '').toLowerCase();
  return plain(one) === plain(other);
}

function refused(why: string): SetupError {
  return new SetupError(SETUP_EXIT.configuration, why);
}
