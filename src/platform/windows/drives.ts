/** What a path is on: only of its own disk does Windows alone say who may change what. */
import { setupNative } from './setup-native.ts';

const DRIVE_FIXED = 3;
/** Of `GetDriveTypeW`: a stick, a disk, a CD, one in memory; not one of the network, and no letter without a drive. */
const OF_THIS_PC: readonly number[] = [2, DRIVE_FIXED, 5, 6];
const ON_A_DRIVE = /^[a-z]:\\/i;
const MOST_UNITS = 260;

/** No share, stick or image; a disk in a box at the USB counts as one. */
export function isFixedDrive(letter: string): boolean {
  return driveType(letter) === DRIVE_FIXED;
}

/** Whether `path`, a whole one, begins on a drive of this PC: to look at any other may sign in to another computer. */
export function isOfThisPc(path: string, typeOf: (letter: string) => number = driveType): boolean {
  return ON_A_DRIVE.test(path) && OF_THIS_PC.includes(typeOf(path.charAt(0).toUpperCase()));
}

function driveType(letter: string): number {
  return setupNative().GetDriveTypeW(`${letter}:\\`);
}

/** The letter of the drive that Windows has started from; no variable says it. `?`: it has none. */
export function windowsDrive(): string {
  const text = Buffer.alloc(MOST_UNITS * 2);
  const units = setupNative().GetSystemDirectoryW(text, MOST_UNITS);
  const directory = text.toString('utf16le', 0, Math.min(units, MOST_UNITS) * 2);
  return ON_A_DRIVE.test(directory) ? directory.charAt(0).toUpperCase() : '?';
}

/**
 * Why Windows' word on `path`, a whole one, does not count; null: it does. Of any other disk the access lists may have been made on
 * another PC, and one that is plugged in can't be told from one that is built in.
 */
export function whyNotOfWindows(path: string, drive: () => string = windowsDrive): string | null {
  return ON_A_DRIVE.test(path) && path.charAt(0).toUpperCase() === drive() ? null : 'is not on the disk of Windows';
}
