import { afterEach, expect, test } from 'vitest';
import { setupNative } from './setup-native.ts';
import { ownSid } from './sids.ts';
import { isSwitchedOff } from './startup-approved.ts';

const HKEY_CURRENT_USER = -2147483647;
const KEY = 'Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\StartupApproved\\Run';
const KEY_ALL_ACCESS = 0xf003f;
const REG_BINARY = 3;
const NAME = 'Kanade Tray test';

/** As Task Manager writes it: a mark, and when it was switched off. */
function mark(first: number): void {
  const key: [number] = [0];
  setupNative().RegCreateKeyExW(HKEY_CURRENT_USER, KEY, 0, null, 0, KEY_ALL_ACCESS, null, key, null);
  const bytes = Buffer.from([first, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x01]);
  setupNative().RegSetValueExW(key[0], NAME, 0, REG_BINARY, bytes, bytes.length);
  setupNative().RegCloseKey(key[0]);
}

const onlyOnWindows = test.skipIf(process.platform !== 'win32');

afterEach(() => {
  if (process.platform !== 'win32') return;
  const key: [number] = [0];
  if (setupNative().RegOpenKeyExW(HKEY_CURRENT_USER, KEY, 0, KEY_ALL_ACCESS, key) !== 0) return;
  setupNative().RegDeleteValueW(key[0], NAME);
  setupNative().RegCloseKey(key[0]);
});

onlyOnWindows('an entry is on until somebody has switched it off', () => {
  expect(isSwitchedOff(ownSid(), NAME)).toBe(false);
});

onlyOnWindows.each([
  [0x02, false],
  [0x03, true],
  [0x06, false],
  [0x07, true],
])('a mark that begins with %i: off %s', (first, off) => {
  mark(first);
  expect(isSwitchedOff(ownSid(), NAME)).toBe(off);
  expect(isSwitchedOff('S-1-5-21-1-2-3-4', NAME)).toBe(false);
});
