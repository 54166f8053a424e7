/**
 * Makes a directory with those above it that are missing. Invariant: every step makes something or ends with an error that names
 * the path. Node's `recursive` goes round for ever where the system says ENOENT below a directory that is there, as `/proc` does.
 */
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errorCode } from './error-code.ts';

/** Who may pass through the last directory can't get there without those above it. */
const PASSABLE = 0o111;

/** `mode` is that of the last one, less the umask; those above it can also be passed through. @throws as `mkdirSync` */
export function makeDirectory(path: string, mode = 0o777): void {
  const missing: string[] = [];
  let at = resolve(path);
  for (; statSync(at, { throwIfNoEntry: false }) === undefined && at !== dirname(at); at = dirname(at))
    missing.push(at);
  if (missing.length === 0 && !statSync(at).isDirectory()) throw inTheWay(at);
  for (const each of missing.toReversed()) {
    try {
      mkdirSync(each, modeOf(each, missing, mode));
    } catch (error) {
      // Somebody else may have been faster.
      if (errorCode(error) !== 'EEXIST' || !statSync(each).isDirectory()) throw error;
    }
  }
}

/** The same off the thread of the event loop, for a path that may not answer. */
export async function makeDirectoryAsync(path: string, mode = 0o777): Promise<void> {
  const missing: string[] = [];
  let at = resolve(path);
  for (; !(await isThere(at)) && at !== dirname(at); at = dirname(at)) missing.push(at);
  if (missing.length === 0 && !(await stat(at)).isDirectory()) throw inTheWay(at);
  for (const each of missing.toReversed()) {
    try {
      await mkdir(each, modeOf(each, missing, mode));
    } catch (error) {
      if (errorCode(error) !== 'EEXIST' || !(await stat(each)).isDirectory()) throw error;
    }
  }
}

function modeOf(path: string, missing: readonly string[], mode: number): number {
  return path === missing[0] ? mode : mode | PASSABLE;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // As `throwIfNoEntry` has it: below a file there is nothing either.
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}

function inTheWay(path: string): Error {
  return Object.assign(new Error(`EEXIST: file already exists, mkdir '${path}'`), { code: 'EEXIST' });
}
