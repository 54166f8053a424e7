/**
 * Reads values below HKEY_LOCAL_MACHINE, always in the 64-bit view. Nothing native is loaded before the first read, and
 * never elsewhere than on Windows.
 */
import { koffi as loadKoffi } from './koffi.ts';
import {
  ERROR_FILE_NOT_FOUND,
  HKEY_LOCAL_MACHINE,
  REG_DWORD,
  RRF_RT_REG_DWORD,
  RRF_RT_REG_SZ,
  RRF_SUBKEY_WOW6464KEY,
} from './windows/win32-constants.ts';

export type RegistryValue =
  | { readonly kind: 'absent' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  /** A Windows error number, such as 5 (access denied). */
  | { readonly kind: 'error'; readonly code: number };

export interface Registry {
  /** `key` such as `SOFTWARE\kanade\agent`. */
  read(key: string, name: string): RegistryValue;
}

export const NO_REGISTRY: Registry = { read: () => ({ kind: 'absent' }) };

/** The registry of this machine; an empty one elsewhere than on Windows. */
export function machineRegistry(platform: NodeJS.Platform = process.platform): Registry {
  return platform === 'win32' && process.platform === 'win32' ? WINDOWS : NO_REGISTRY;
}

// Numbers of winreg.h and winerror.h. HKEY_LOCAL_MACHINE is a sign-extended 32-bit number.
const ERROR_MORE_DATA = 234;
const MAX_VALUE_BYTES = 128 * 1024;

type RegGetValue = (
  root: number,
  key: string,
  name: string,
  flags: number,
  type: [number],
  data: Buffer,
  sizeBytes: [number],
) => number;

const WINDOWS: Registry = {
  read(key, name) {
    const first = get(key, name, 4096);
    return 'moreBytes' in first ? resolved(get(key, name, first.moreBytes)) : first;
  },
};

function resolved(value: RegistryValue | { readonly moreBytes: number }): RegistryValue {
  return 'moreBytes' in value ? { kind: 'error', code: ERROR_MORE_DATA } : value;
}

function get(key: string, name: string, sizeBytes: number): RegistryValue | { readonly moreBytes: number } {
  const data = Buffer.alloc(Math.min(sizeBytes, MAX_VALUE_BYTES));
  const type: [number] = [0];
  const size: [number] = [data.length];
  // RRF_RT_REG_SZ also takes an expandable text, and returns it expanded.
  const flags = RRF_RT_REG_SZ | RRF_RT_REG_DWORD | RRF_SUBKEY_WOW6464KEY;
  const code = regGetValue()(HKEY_LOCAL_MACHINE, key, name, flags, type, data, size);
  if (code === ERROR_FILE_NOT_FOUND) return { kind: 'absent' };
  if (code === ERROR_MORE_DATA) return { moreBytes: size[0] };
  if (code !== 0) return { kind: 'error', code };
  if (type[0] === REG_DWORD) return { kind: 'number', value: data.readUInt32LE(0) };
  const text = data.toString('utf16le', 0, size[0]);
  return { kind: 'text', text: text.split('\0', 1)[0] ?? '' };
}

let loaded: RegGetValue | undefined;

function regGetValue(): RegGetValue {
  if (loaded === undefined) {
    const koffi = loadKoffi();
    loaded = koffi
      .load('advapi32.dll')
      .func(
        'long __stdcall RegGetValueW(intptr_t hkey, const char16_t *key, const char16_t *name, uint32_t flags, _Out_ uint32_t *type, _Out_ uint8_t *data, _Inout_ uint32_t *size)',
      ) as RegGetValue;
  }
  return loaded;
}
