/** What a path is on: only of a disk of this PC does its own Windows say who may change what. */
import { setupNative } from './setup-native.ts';

const DRIVE_FIXED = 3;
const ON_A_DRIVE = /^[a-z]:\\/i;

/** A disk that stays in the PC: no share, stick or image, whose access lists somebody may have made elsewhere. */
export function isFixedDrive(letter: string): boolean {
  return setupNative().GetDriveTypeW(`${letter}:\\`) === DRIVE_FIXED;
}

/** Why Windows' word on `path`, a whole one, does not count; null: it does. */
export function whyNotOfThisPc(path: string, isFixed: (letter: string) => boolean = isFixedDrive): string | null {
  return ON_A_DRIVE.test(path) && isFixed(path.charAt(0)) ? null : 'is on no disk that is built into this PC';
}
