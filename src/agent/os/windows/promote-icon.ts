/**
 * The icon outside of the overflow area, where IT wants it (Windows 11: `IsPromoted` of each icon, in the person's own part of the
 * registry). Invariant: what the person has decided is never changed; Windows writes nothing until they have.
 */
import type { Handle } from './native.ts';
import { setupNative } from './setup-native.ts';

const HKEY_USERS = -2147483645;
const SETTINGS = 'Control Panel\\NotifyIconSettings';
const PROMOTED = 'IsPromoted';
const KEY_READ = 0x20019;
const KEY_SET_VALUE = 0x0002;
const RRF_RT_REG_SZ = 0x2;
const RRF_RT_REG_DWORD = 0x10;
const REG_DWORD = 4;
const NAME_UNITS = 256;
const PATH_BYTES = 2048;

/** Promotes each icon of the programs that `isOurs` knows, of the person `sid`. Returns how many were. */
export function promoteIcons(sid: string, isOurs: (path: string) => boolean): number {
  const root = `${sid}\\${SETTINGS}`;
  const all: [Handle] = [0];
  // Nobody of that name is signed in, or this Windows keeps its icons elsewhere.
  if (setupNative().RegOpenKeyExW(HKEY_USERS, root, 0, KEY_READ, all) !== 0) return 0;
  try {
    const icons = namesIn(all[0]).filter((icon) => {
      const path = textOf(all[0], icon, 'ExecutablePath');
      return path !== null && isOurs(path) && !isDecided(all[0], icon);
    });
    return icons.filter((icon) => promote(`${root}\\${icon}`)).length;
  } finally {
    setupNative().RegCloseKey(all[0]);
  }
}

function namesIn(key: Handle): string[] {
  const names: string[] = [];
  for (let index = 0; ; index++) {
    const name = Buffer.alloc(NAME_UNITS * 2);
    const units: [number] = [NAME_UNITS];
    if (setupNative().RegEnumKeyExW(key, index, name, units, null, null, null, null) !== 0) return names;
    names.push(name.toString('utf16le', 0, units[0] * 2));
  }
}

function textOf(key: Handle, sub: string, name: string): string | null {
  const data = Buffer.alloc(PATH_BYTES);
  const size: [number] = [data.length];
  if (setupNative().RegGetValueW(key, sub, name, RRF_RT_REG_SZ, null, data, size) !== 0) return null;
  return data.toString('utf16le', 0, size[0]).split('\0', 1)[0] ?? null;
}

function isDecided(key: Handle, icon: string): boolean {
  return setupNative().RegGetValueW(key, icon, PROMOTED, RRF_RT_REG_DWORD, null, Buffer.alloc(4), [4]) === 0;
}

function promote(key: string): boolean {
  const opened: [Handle] = [0];
  if (setupNative().RegOpenKeyExW(HKEY_USERS, key, 0, KEY_SET_VALUE, opened) !== 0) return false;
  const one = Buffer.from([1, 0, 0, 0]);
  const code = setupNative().RegSetValueExW(opened[0], PROMOTED, 0, REG_DWORD, one, one.length);
  setupNative().RegCloseKey(opened[0]);
  return code === 0;
}
