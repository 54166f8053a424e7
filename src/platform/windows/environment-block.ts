/**
 * Environment blocks of Windows: `NAME=value` strings in UTF-16, each ended by a NUL, the whole by one more. Invariant: Windows makes
 * one of what the person has in their own part of the registry, for as long as that takes, so it is only asked for what is small.
 */
import { atEnd } from '../../base/at-end.ts';
import { decodeText, type Handle, lastError, native } from './native.ts';
import { setupNative } from './setup-native.ts';
import { sidOf } from './sids.ts';
import { HKEY_USERS, KEY_READ } from './win32-constants.ts';

const NAME_UNITS = 16_384;
/** Windows puts each value into a block that grows, and expands names of others in it. */
const MOST_VALUES = 300;
const MOST_BYTES = 256 * 1024;

/** The environment that the account of `token` gets at its sign-in. Throws if Windows refuses, or if the person has made it very large. */
export function environmentOf(token: Handle): Record<string, string> {
  const sid = sidOf(token);
  for (const key of ['Environment', 'Volatile Environment']) checkSize(`${sid}\\${key}`);
  const block: [bigint] = [0n];
  if (native().CreateEnvironmentBlock(block, token, 0) === 0) throw lastError('CreateEnvironmentBlock');
  using _ = atEnd(() => native().DestroyEnvironmentBlock(block[0]));
  return readBlock(block[0]);
}

/** The keys below the volatile one are for a session each. */
function checkSize(path: string, isBelow = false): void {
  const opened: [Handle] = [0];
  if (setupNative().RegOpenKeyExW(HKEY_USERS, path, 0, KEY_READ, opened) !== 0) return;
  using _ = atEnd(() => setupNative().RegCloseKey(opened[0]));
  const [keys, values]: [[number], [number]] = [[0], [0]];
  const info = [null, null, null, keys, null, null, values, null, null, null, null] as const;
  if (setupNative().RegQueryInfoKeyW(opened[0], ...info) !== 0) return;
  if (values[0] > MOST_VALUES || keys[0] > MOST_VALUES) throw new Error(`${path} has too many variables`);
  if (bytesIn(opened[0]) > MOST_BYTES) throw new Error(`${path} holds too much`);
  if (isBelow) return;
  for (const name of keysIn(opened[0])) checkSize(`${path}\\${name}`, true);
}

function bytesIn(key: Handle): number {
  let bytes = 0;
  for (let index = 0; index < MOST_VALUES; index++) {
    const size: [number] = [0];
    const name = Buffer.alloc(NAME_UNITS * 2);
    if (setupNative().RegEnumValueW(key, index, name, [NAME_UNITS], null, null, null, size) !== 0) break;
    bytes += size[0];
  }
  return bytes;
}

function keysIn(key: Handle): string[] {
  const names: string[] = [];
  for (let index = 0; index < MOST_VALUES; index++) {
    const name = Buffer.alloc(512);
    const units: [number] = [256];
    if (setupNative().RegEnumKeyExW(key, index, name, units, null, null, null, null) !== 0) break;
    names.push(name.toString('utf16le', 0, units[0] * 2));
  }
  return names;
}

function readBlock(start: bigint): Record<string, string> {
  const environment: Record<string, string> = {};
  for (let at = start; ; ) {
    const units = native().lstrlenW(at);
    if (units === 0) return environment;
    addEntry(environment, decodeText(at, units));
    at += BigInt((units + 1) * 2);
  }
}

/** Names of the hidden entries for the drives' directories begin with `=`, so the sign is looked for from the second on. */
function addEntry(environment: Record<string, string>, entry: string): void {
  const sign = entry.indexOf('=', 1);
  if (sign > 0) environment[entry.slice(0, sign)] = entry.slice(sign + 1);
}

/** Windows wants the names sorted, without regard to case. */
export function encodeBlock(environment: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(environment).map(([name, value]) => ({
    key: name.toUpperCase(),
    text: `${name}=${value}`,
  }));
  entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return Buffer.from(`${entries.map((entry) => `${entry.text}\0`).join('') || '\0'}\0`, 'utf16le');
}
