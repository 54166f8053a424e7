/**
 * The two directories of whoever releases. `--dir`: key lists, the last number and the release keys; `--recovery`: the recovery
 * keys, which lie on a medium of their own and are needed for `keys`, `rotate` and `revoke` only. Invariant: what is written is
 * read back by the agent's own reader first.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../../scripts/bootstrap/say.mjs';
import type { Role } from '../../src/agent/update/envelope.ts';
import { type KeyList, nextKeys, pinnedKeys } from '../../src/agent/update/keys.ts';
import { replaceFile } from '../../src/base/replace-file.ts';
import { writePrivateFile } from '../../src/platform/windows/private-file.ts';
import { keyFromPem, makeKey, pemOf, type SigningKey, sealKeys } from './documents.ts';

const LIST = /^keys\.(\d+)\.json$/;

/** All key lists of a directory, the oldest first, each checked against the one before. */
export function readLists(dir: string): { readonly keys: KeyList; readonly body: Buffer }[] {
  const numbers = namesIn(dir).map((name) => Number(LIST.exec(name)?.[1] ?? 0));
  const lists: { keys: KeyList; body: Buffer }[] = [];
  for (const number of numbers.filter((each) => each > 0).sort((a, b) => a - b)) {
    const body = readFileSync(join(dir, `keys.${number}.json`));
    const before = lists.at(-1)?.keys;
    const keys = before === undefined ? pinnedKeys(body) : nextKeys(before, body);
    if (keys === null) throw new CliError(`keys.${number}.json in ${dir} does not follow from the list before it.`);
    lists.push({ keys, body });
  }
  return lists;
}

export function newestList(dir: string): KeyList {
  const keys = readLists(dir).at(-1)?.keys;
  if (keys === undefined) throw new CliError(`There is no key list in ${dir}: make one with "keys".`);
  return keys;
}

const NOT_ENOUGH = 'These recovery keys are not enough to sign this list.';

/** Looked at before a key is made: one that no list names must not be left behind. `more`: keys of `role` that are made afterwards. */
export function mustBeEnough(signers: readonly SigningKey[], role: Pick<Role, 'keys' | 'threshold'>, more = 0): void {
  const signing = role.keys.filter(({ id }) => signers.some((each) => each.id === id));
  if (signing.length + more < role.threshold) throw new CliError(NOT_ENOUGH);
}

/** Signs and writes the list that follows; `signers` must be enough for it and for the one before. */
export function writeList(dir: string, keys: KeyList, signers: readonly SigningKey[]): string {
  const before = readLists(dir).at(-1)?.keys;
  const body = sealKeys(keys, signers);
  const read = before === undefined ? pinnedKeys(body) : nextKeys(before, body);
  if (read === null) throw new CliError(NOT_ENOUGH);
  const file = join(dir, `keys.${keys.version}.json`);
  writeFileSync(file, body, { flag: 'wx' });
  return file;
}

/** Makes a key in a file that only its owner can read. */
export function newKey(dir: string, kind: 'release' | 'recovery'): { readonly key: SigningKey; readonly file: string } {
  mkdirSync(dir, { recursive: true });
  const key = makeKey();
  const file = join(dir, `${kind}-${key.id.slice(0, 16)}.key`);
  // There a mode says nothing: the file would be for whoever may read its directory.
  if (process.platform === 'win32') writePrivateFile(file, pemOf(key));
  else writeFileSync(file, pemOf(key), { mode: 0o600, flag: 'wx' });
  return { key, file };
}

/** The private keys in `dir` that `ids` name. */
export function privateKeys(dir: string, ids: readonly string[]): SigningKey[] {
  return namesIn(dir)
    .filter((name) => name.endsWith('.key'))
    .map((name) => keyFromPem(readFileSync(join(dir, name), 'utf8')))
    .filter(({ id }) => ids.includes(id));
}

/** The highest number that was given. */
export function lastSerial(dir: string): number {
  const file = join(dir, 'serial');
  const serial = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (!Number.isSafeInteger(serial) || serial < 0) throw new CliError(`${file} holds no number.`);
  return serial;
}

/** On disk before anything is signed with it, so that no number is given twice. */
export function nextSerial(dir: string): number {
  const serial = Math.max(lastSerial(dir) + 1, newestList(dir).floor);
  replaceFile(join(dir, 'serial'), `${serial}\n`);
  return serial;
}

function namesIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
