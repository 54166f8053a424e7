/**
 * Whether the icon is outside of the overflow area (Windows 11: `IsPromoted` of each icon, in the person's own part of the
 * registry). Invariant: what the person has decided is never changed, and holds for the next version too, which is another program
 * to Windows; it writes nothing until they have. The key is theirs: how much they put there never holds up the agent.
 */
import { atEnd } from '../../base/at-end.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import type { Handle } from './native.ts';
import { setupNative } from './setup-native.ts';
import { HKEY_USERS, KEY_READ, REG_DWORD, RRF_RT_REG_DWORD, RRF_RT_REG_SZ } from './win32-constants.ts';

const SETTINGS = 'Control Panel\\NotifyIconSettings';
const PROMOTED = 'IsPromoted';
const KEY_SET_VALUE = 0x0002;
const NAME_UNITS = 256;
const PATH_BYTES = 2048;
/** Windows has one for each program that has ever shown an icon. Where somebody has made more, nothing is settled for them. */
const MOST_ICONS = 1_000;
/** So many are read before others get their turn: some 20 µs each. */
const AT_A_TIME = 50;

/**
 * Gives each icon of the programs that `isOurs` knows, of the person `sid`, what was decided for the one of the version before;
 * where nothing was, it is promoted, if IT wants that. Returns how many were changed; none where there are too many.
 */
export async function settleIcons(sid: string, isOurs: (path: string) => boolean, promotes: boolean): Promise<number> {
  const root = `${sid}\\${SETTINGS}`;
  const all: [Handle] = [0];
  // Nobody of that name is signed in, or this Windows keeps its icons elsewhere.
  if (setupNative().RegOpenKeyExW(HKEY_USERS, root, 0, KEY_READ, all) !== 0) return 0;
  using _ = atEnd(() => setupNative().RegCloseKey(all[0]));
  const ours = await iconsIn(all[0], isOurs);
  const wanted = lastDecided(ours) ?? (promotes ? 1 : null);
  if (wanted === null) return 0;
  return ours.filter(({ icon, promoted }) => promoted === null && decide(`${root}\\${icon}`, wanted)).length;
}

interface Icon {
  readonly icon: string;
  readonly path: string;
  readonly promoted: number | null;
}

/** Of the newest version about which something is decided, by us or by them. */
function lastDecided(icons: readonly Icon[]): number | null {
  const byVersion = icons.toSorted((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
  return byVersion.findLast(({ promoted }) => promoted !== null)?.promoted ?? null;
}

async function iconsIn(key: Handle, isOurs: (path: string) => boolean): Promise<Icon[]> {
  const found: Icon[] = [];
  const count: [number] = [0];
  const info = [null, null, null, count, null, null, [0], null, null, null, null] as const;
  if (setupNative().RegQueryInfoKeyW(key, ...info) !== 0 || count[0] > MOST_ICONS) return [];
  for (let index = 0; index < MOST_ICONS; index++) {
    if (index % AT_A_TIME === AT_A_TIME - 1) await loopTurn();
    const icon = nameOf(key, index);
    if (icon === null) return found;
    const path = textOf(key, icon, 'ExecutablePath');
    if (path !== null && isOurs(path)) found.push({ icon, path, promoted: promotedOf(key, icon) });
  }
  return found;
}

/** null: there is none of that number any more. */
function nameOf(key: Handle, index: number): string | null {
  const name = Buffer.alloc(NAME_UNITS * 2);
  const units: [number] = [NAME_UNITS];
  if (setupNative().RegEnumKeyExW(key, index, name, units, null, null, null, null) !== 0) return null;
  return name.toString('utf16le', 0, units[0] * 2);
}

function textOf(key: Handle, sub: string, name: string): string | null {
  const data = Buffer.alloc(PATH_BYTES);
  const size: [number] = [data.length];
  if (setupNative().RegGetValueW(key, sub, name, RRF_RT_REG_SZ, null, data, size) !== 0) return null;
  return data.toString('utf16le', 0, size[0]).split('\0', 1)[0] ?? null;
}

function promotedOf(key: Handle, icon: string): number | null {
  const value = Buffer.alloc(4);
  if (setupNative().RegGetValueW(key, icon, PROMOTED, RRF_RT_REG_DWORD, null, value, [value.length]) !== 0) return null;
  return value.readUInt32LE(0);
}

function decide(key: string, promoted: number): boolean {
  const opened: [Handle] = [0];
  if (setupNative().RegOpenKeyExW(HKEY_USERS, key, 0, KEY_SET_VALUE, opened) !== 0) return false;
  const value = Buffer.alloc(4);
  value.writeUInt32LE(promoted);
  const code = setupNative().RegSetValueExW(opened[0], PROMOTED, 0, REG_DWORD, value, value.length);
  setupNative().RegCloseKey(opened[0]);
  return code === 0;
}
