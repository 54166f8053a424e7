/** Writes below HKEY_LOCAL_MACHINE, always in the 64-bit view. Only the set-up does that. */

import { withDescriptor } from './access.ts';
import { setupNative, WindowsError } from './setup-native.ts';

const HKEY_LOCAL_MACHINE = -2147483646;
const KEY_ALL_ACCESS_64 = 0xf003f | 0x100;
const KEY_READ_64 = 0x20019 | 0x100;
const KEY_WOW64_64KEY = 0x100;
const REG_SZ = 1;
const REG_DWORD = 4;
const ERROR_FILE_NOT_FOUND = 2;
const DACL_SECURITY_INFORMATION = 0x8000_0004;

/** Texts and 32-bit numbers of one key, which is made if it is not there. */
export function writeValues(key: string, values: Readonly<Record<string, string | number>>): void {
  const opened: [number] = [0];
  check(
    `writing HKLM\\${key}`,
    setupNative().RegCreateKeyExW(HKEY_LOCAL_MACHINE, key, 0, null, 0, KEY_ALL_ACCESS_64, null, opened, null),
  );
  try {
    for (const [name, value] of Object.entries(values)) {
      const isText = typeof value === 'string';
      const data = isText ? Buffer.from(`${value}\0`, 'utf16le') : Buffer.alloc(4);
      if (!isText) data.writeUInt32LE(value);
      check(
        `writing ${name}`,
        setupNative().RegSetValueExW(opened[0], name, 0, isText ? REG_SZ : REG_DWORD, data, data.length),
      );
    }
  } finally {
    setupNative().RegCloseKey(opened[0]);
  }
}

/** A value that is not there is fine. */
export function removeValue(key: string, name: string): void {
  const opened: [number] = [0];
  const code = setupNative().RegOpenKeyExW(HKEY_LOCAL_MACHINE, key, 0, KEY_ALL_ACCESS_64, opened);
  if (code === ERROR_FILE_NOT_FOUND) return;
  check(`opening HKLM\\${key}`, code);
  try {
    check(`removing ${name}`, setupNative().RegDeleteValueW(opened[0], name), ERROR_FILE_NOT_FOUND);
  } finally {
    setupNative().RegCloseKey(opened[0]);
  }
}

/** The key with its values; it must have no keys below. One that is not there is fine. */
export function removeKey(key: string): void {
  check(
    `removing HKLM\\${key}`,
    setupNative().RegDeleteKeyExW(HKEY_LOCAL_MACHINE, key, KEY_WOW64_64KEY, 0),
    ERROR_FILE_NOT_FOUND,
  );
}

/** A key with values or keys in it stays. */
export function removeKeyIfEmpty(key: string): void {
  const opened: [number] = [0];
  if (setupNative().RegOpenKeyExW(HKEY_LOCAL_MACHINE, key, 0, KEY_READ_64, opened) !== 0) return;
  const [keys, values]: [[number], [number]] = [[0], [0]];
  const code = setupNative().RegQueryInfoKeyW(
    opened[0],
    null,
    null,
    null,
    keys,
    null,
    null,
    values,
    null,
    null,
    null,
    null,
  );
  setupNative().RegCloseKey(opened[0]);
  if (code === 0 && keys[0] === 0 && values[0] === 0) removeKey(key);
}

/** Replaces the access list of a key by the one that `sddl` says. */
export function protectKey(key: string, sddl: string): void {
  const opened: [number] = [0];
  check(`opening HKLM\\${key}`, setupNative().RegOpenKeyExW(HKEY_LOCAL_MACHINE, key, 0, KEY_ALL_ACCESS_64, opened));
  try {
    withDescriptor(sddl, (descriptor) =>
      check(
        `protecting HKLM\\${key}`,
        setupNative().RegSetKeySecurity(opened[0], DACL_SECURITY_INFORMATION, descriptor),
      ),
    );
  } finally {
    setupNative().RegCloseKey(opened[0]);
  }
}

function check(what: string, code: number, ...fine: readonly number[]): void {
  if (code !== 0 && !fine.includes(code)) throw new WindowsError(what, code);
}
