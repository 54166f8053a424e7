/** What a person has switched off in Task Manager, "Startup apps": Windows keeps a mark for each entry of a Run key. */
import { setupNative } from './setup-native.ts';
import { HKEY_LOCAL_MACHINE, HKEY_USERS, RRF_SUBKEY_WOW6464KEY } from './win32-constants.ts';

const APPROVED = 'Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\StartupApproved\\Run';
const RRF_RT_REG_BINARY = 0x8;
const ENTRY_BYTES = 64;

/** Whether the entry `name` of a Run key of the PC is off for the person `sid`, by them or for everybody. */
export function isSwitchedOff(sid: string, name: string): boolean {
  return isOff(HKEY_USERS, `${sid}\\${APPROVED}`, name) || isOff(HKEY_LOCAL_MACHINE, APPROVED, name);
}

/** An even first byte, or nothing at all: on. */
function isOff(root: number, key: string, name: string): boolean {
  const mark = Buffer.alloc(ENTRY_BYTES);
  const flags = RRF_RT_REG_BINARY | RRF_SUBKEY_WOW6464KEY;
  if (setupNative().RegGetValueW(root, key, name, flags, null, mark, [mark.length]) !== 0) return false;
  return ((mark[0] ?? 0) & 1) === 1;
}
