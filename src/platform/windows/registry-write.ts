/** Writes below HKEY_LOCAL_MACHINE, always in the 64-bit view. Only the set-up does that. */
import { atEnd } from '../../base/at-end.ts';
import { KEY_READERS, withAttributes, withDescriptor } from './access.ts';
import { accessOfKey, distrustKey, readerOf } from './access-list.ts';
import { type Handle, WindowsError } from './native.ts';
import { setupNative } from './setup-native.ts';
import {
  ERROR_FILE_NOT_FOUND,
  HKEY_LOCAL_MACHINE,
  OWNER_AND_PROTECTED_DACL,
  READ_CONTROL,
  REG_DWORD,
  WRITE_OWNER,
} from './win32-constants.ts';

const KEY_ALL_ACCESS_64 = 0xf003f | 0x100;
const KEY_READ_64 = 0x20019 | 0x100;
const KEY_WOW64_64KEY = 0x100;
const REG_SZ = 1;
const CREATED_NEW = 1;

/** Texts and 32-bit numbers of one key, which is made if it is not there. */
export function writeValues(key: string, values: Readonly<Record<string, string | number>>): void {
  const opened: [number] = [0];
  check(
    `writing HKLM\\${key}`,
    setupNative().RegCreateKeyExW(HKEY_LOCAL_MACHINE, key, 0, null, 0, KEY_ALL_ACCESS_64, null, opened, null),
  );
  using _ = atEnd(() => setupNative().RegCloseKey(opened[0]));
  for (const [name, value] of Object.entries(values)) {
    const isText = typeof value === 'string';
    const data = isText ? Buffer.from(`${value}\0`, 'utf16le') : Buffer.alloc(4);
    if (!isText) data.writeUInt32LE(value);
    check(
      `writing ${name}`,
      setupNative().RegSetValueExW(opened[0], name, 0, isText ? REG_SZ : REG_DWORD, data, data.length),
    );
  }
}

/** A value that is not there is fine. */
export function removeValue(key: string, name: string): void {
  withKey(key, KEY_ALL_ACCESS_64, (opened) =>
    check(`removing ${name}`, setupNative().RegDeleteValueW(opened, name), ERROR_FILE_NOT_FOUND),
  );
}

/** The key with its values; it must have no keys below. One that is not there is fine. */
export function removeKey(key: string): void {
  check(
    `removing HKLM\\${key}`,
    setupNative().RegDeleteKeyExW(HKEY_LOCAL_MACHINE, key, KEY_WOW64_64KEY, 0),
    ERROR_FILE_NOT_FOUND,
  );
}

/** A key with values or keys in it stays; one that is not there is fine. */
export function removeKeyIfEmpty(key: string): void {
  const [keys, values]: [[number], [number]] = [[0], [0]];
  const info = [null, null, null, keys, null, null, values, null, null, null, null] as const;
  const isEmpty = withKey(key, KEY_READ_64, (opened) => {
    check(`looking into HKLM\\${key}`, setupNative().RegQueryInfoKeyW(opened, ...info));
    return keys[0] === 0 && values[0] === 0;
  });
  if (isEmpty === true) removeKey(key);
}

/** How a key was found: not there; only for those it is for; open to others, who may have read what is in it. */
export type KeyBefore = 'absent' | 'shut' | 'open';

/**
 * Makes a key with owner and access list of `sddl` in one step, or gives them to the one that is there. An open one that is empty
 * is made again: who has opened it before could go on reading it.
 */
export function secureKey(key: string, sddl: string): KeyBefore {
  // Those above it are made as usual.
  writeValues(key.slice(0, key.lastIndexOf('\\')), {});
  if (isMade(key, sddl)) return 'absent';
  if (isShut(key, sddl)) return 'shut';
  removeKeyIfEmpty(key);
  if (isMade(key, sddl)) return 'shut';
  withDescriptor(sddl, (descriptor) => {
    const set = (opened: Handle) => setupNative().RegSetKeySecurity(opened, OWNER_AND_PROTECTED_DACL >>> 0, descriptor);
    const done = withKey(key, KEY_ALL_ACCESS_64 | WRITE_OWNER, (opened) =>
      check(`protecting HKLM\\${key}`, set(opened)),
    );
    if (done === null) throw new WindowsError(`protecting HKLM\\${key}`, ERROR_FILE_NOT_FOUND);
  });
  return 'open';
}

/** Whether nobody but the Administrators can change it and, if `sddl` lets nobody else in, read it. */
function isShut(key: string, sddl: string): boolean {
  const mayBeRead = sddl.endsWith(KEY_READERS);
  return (
    withKey(key, READ_CONTROL | KEY_READ_64, (opened) => {
      const access = accessOfKey(opened);
      return access.isProtected && distrustKey(access) === null && (mayBeRead || readerOf(access) === null);
    }) ?? false
  );
}

function isMade(key: string, sddl: string): boolean {
  const [opened, disposition]: [[Handle], [number]] = [[0], [0]];
  withAttributes(sddl, (attributes) => {
    const access = KEY_READ_64;
    check(
      `making HKLM\\${key}`,
      setupNative().RegCreateKeyExW(HKEY_LOCAL_MACHINE, key, 0, null, 0, access, attributes, opened, disposition),
    );
  });
  setupNative().RegCloseKey(opened[0]);
  return disposition[0] === CREATED_NEW;
}

/** Why somebody who is no administrator could change a key; null: nobody could, or it is not there. */
export function untrustedKey(key: string): string | null {
  return withKey(key, READ_CONTROL | KEY_READ_64, (opened) => distrustKey(accessOfKey(opened)));
}

/** null: there is no such key. */
function withKey<T>(key: string, access: number, work: (opened: Handle) => T): T | null {
  const opened: [Handle] = [0];
  const code = setupNative().RegOpenKeyExW(HKEY_LOCAL_MACHINE, key, 0, access, opened);
  if (code === ERROR_FILE_NOT_FOUND) return null;
  check(`opening HKLM\\${key}`, code);
  using _ = atEnd(() => setupNative().RegCloseKey(opened[0]));
  return work(opened[0]);
}

function check(what: string, code: number, ...fine: readonly number[]): void {
  if (code !== 0 && !fine.includes(code)) throw new WindowsError(what, code);
}
