/**
 * The icon outside of the overflow area, where IT wants it (Windows 11: `IsPromoted` of each icon, in the person's own part of the
 * registry). Invariant: what the person has decided is never changed; Windows writes nothing until they have.
 */
import { createRequire } from 'node:module';

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

type Handle = number;
interface Registry {
  open(root: Handle, key: string, options: number, access: number, opened: [Handle]): number;
  enumerate(
    key: Handle,
    index: number,
    name: Uint8Array,
    units: [number],
    reserved: null,
    kind: null,
    size: null,
    written: null,
  ): number;
  get(key: Handle, sub: string, name: string, flags: number, kind: null, data: Uint8Array, size: [number]): number;
  set(key: Handle, name: string, reserved: number, kind: number, data: Uint8Array, size: number): number;
  close(key: Handle): number;
}

let loaded: Registry | undefined;

function registry(): Registry {
  if (loaded !== undefined) return loaded;
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = koffi.load('advapi32.dll');
  loaded = {
    open: library.func(
      'long __stdcall RegOpenKeyExW(intptr_t root, str16 key, uint32_t options, uint32_t access, _Out_ intptr_t *opened)',
    ),
    enumerate: library.func(
      'long __stdcall RegEnumKeyExW(intptr_t key, uint32_t index, void *name, _Inout_ uint32_t *units, void *reserved, void *kind, void *size, void *written)',
    ),
    get: library.func(
      'long __stdcall RegGetValueW(intptr_t key, str16 sub, str16 name, uint32_t flags, void *kind, void *data, _Inout_ uint32_t *size)',
    ),
    set: library.func(
      'long __stdcall RegSetValueExW(intptr_t key, str16 name, uint32_t reserved, uint32_t kind, const void *data, uint32_t size)',
    ),
    close: library.func('long __stdcall RegCloseKey(intptr_t key)'),
  } as Registry;
  return loaded;
}

/** Promotes each icon of the programs that `isOurs` knows, of the person `sid`. Returns how many were. */
export function promoteIcons(sid: string, isOurs: (path: string) => boolean): number {
  const root = `${sid}\\${SETTINGS}`;
  const all: [Handle] = [0];
  // Nobody of that name is signed in, or this Windows keeps its icons elsewhere.
  if (registry().open(HKEY_USERS, root, 0, KEY_READ, all) !== 0) return 0;
  try {
    const icons = namesIn(all[0]).filter((icon) => {
      const path = textOf(all[0], icon, 'ExecutablePath');
      return path !== null && isOurs(path) && !isDecided(all[0], icon);
    });
    return icons.filter((icon) => promote(`${root}\\${icon}`)).length;
  } finally {
    registry().close(all[0]);
  }
}

function namesIn(key: Handle): string[] {
  const names: string[] = [];
  for (let index = 0; ; index++) {
    const name = Buffer.alloc(NAME_UNITS * 2);
    const units: [number] = [NAME_UNITS];
    if (registry().enumerate(key, index, name, units, null, null, null, null) !== 0) return names;
    names.push(name.toString('utf16le', 0, units[0] * 2));
  }
}

function textOf(key: Handle, sub: string, name: string): string | null {
  const data = Buffer.alloc(PATH_BYTES);
  const size: [number] = [data.length];
  if (registry().get(key, sub, name, RRF_RT_REG_SZ, null, data, size) !== 0) return null;
  return data.toString('utf16le', 0, size[0]).split('\0', 1)[0] ?? null;
}

function isDecided(key: Handle, icon: string): boolean {
  return registry().get(key, icon, PROMOTED, RRF_RT_REG_DWORD, null, Buffer.alloc(4), [4]) === 0;
}

function promote(key: string): boolean {
  const opened: [Handle] = [0];
  if (registry().open(HKEY_USERS, key, 0, KEY_SET_VALUE, opened) !== 0) return false;
  const one = Buffer.from([1, 0, 0, 0]);
  const code = registry().set(opened[0], PROMOTED, 0, REG_DWORD, one, one.length);
  registry().close(opened[0]);
  return code === 0;
}
