/**
 * Damaged files of the store. Invariant: from the moment at which the file is known to be damaged until what can be read of it
 * stands in the new one, a mark beside the store says so, whenever the process ends.
 */
import { existsSync, readdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeQuietly } from '../../base/remove-quietly.ts';
import { replaceFile } from '../../base/replace-file.ts';
import { errorCode } from '../../shared/error-code.ts';
import { readBeside } from './read-beside.ts';

export const STORE_FILE = 'store.db';
/** Present: the file is damaged, and the next opening sets it aside. */
const DAMAGED_FILE = 'store-is-damaged';
/** Present: what this damaged file tells is not yet in the new one. */
const SALVAGE_FILE = 'salvage-from';
const DAMAGED_STORE = /^store\.db\.damaged-[-\dTZ]+$/;
const DAMAGED_KEPT = 3;

/** False: the mark could not be set. */
export function noteDamage(directory: string, what: string): boolean {
  try {
    writeFileSync(join(directory, DAMAGED_FILE), `${what}\n`, { mode: 0o600 });
  } catch {
    // On a full disk there is a file, and nothing in it.
  }
  return existsSync(join(directory, DAMAGED_FILE));
}

/** Whether {@link setAside} has something to do. */
export function isDamaged(directory: string): boolean {
  const from = salvageFrom(directory);
  return existsSync(join(directory, DAMAGED_FILE)) || (from !== null && !existsSync(from));
}

/** Moves the damaged file and its WAL to names that no later start touches, or goes on with that. */
export function setAside(directory: string): void {
  const file = join(directory, STORE_FILE);
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  let target = `${file}.damaged-${stamp}`;
  const from = salvageFrom(directory);
  if (from === null) replaceFile(join(directory, SALVAGE_FILE), `${STORE_FILE}.damaged-${stamp}\n`, 0o600);
  // An unfinished move goes on; else this is a new file that holds no more than the one before, from which is still saved.
  else if (!existsSync(from)) target = from;
  // The file itself last: without it the WAL would be taken for that of the new one.
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, target + suffix);
  }
  remove(`${file}-journal`);
  remove(join(directory, DAMAGED_FILE));
}

/** The damaged file that is to be saved from; null: there is none. Throws where that can't be told at present. */
export function salvageFrom(directory: string): string | null {
  const [name] = readBeside(join(directory, SALVAGE_FILE))?.split('\n') ?? [];
  return name?.startsWith(`${STORE_FILE}.damaged-`) && !/[\\/]/.test(name) ? join(directory, name) : null;
}

/**
 * What could be read of it is on disk in the new file. Only the newest damaged files are kept, for whoever wants to know why; one
 * of the older that somebody holds goes with the next. Throws where the mark can't be taken away: then it has to be saved again.
 */
export function noteSalvaged(directory: string): void {
  // First: a mark whose file is gone would have the new one set aside.
  remove(join(directory, SALVAGE_FILE));
  const files = readdirSync(directory).filter((name) => DAMAGED_STORE.test(name));
  for (const name of files.toSorted().slice(0, -DAMAGED_KEPT)) {
    for (const suffix of ['-wal', '-shm', '']) removeQuietly(join(directory, name + suffix));
  }
}

/** Not `rmSync`: of a file that somebody holds it throws an error without a code. */
function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
