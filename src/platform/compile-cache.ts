/**
 * The program in V8's compiled form, kept beside it: a start that finds it is some 15 ms sooner on the air. Invariant: whoever can
 * write there can write the program too. Where this account can't write, or somebody else could, the program is compiled at each start.
 */
import { lstatSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { makeDirectory } from '../shared/make-directory.ts';

/** Beside `main.js`: no part of a version, and none of its files changes with it. */
export const COMPILED_DIRECTORY = 'compiled';

const OTHERS_MAY_WRITE = 0o022;
/** What is used for the work of a minute is compiled by then. An end by itself writes it too; a power loss does not. */
const WRITTEN_AFTER_MS = 60_000;

/** Before the rest of the program is loaded. `directory`: made when it is missing; the one above it is the program's. */
export function keepCompiled(directory: string): void {
  try {
    makeDirectory(directory, 0o700);
    const found = lstatSync(directory);
    // On Windows it has the access list of the program's directory.
    const isPrivate =
      process.geteuid === undefined || (found.uid === process.geteuid() && (found.mode & OTHERS_MAY_WRITE) === 0);
    if (!found.isDirectory() || !isPrivate) return;
    enableCompileCache(directory);
    setTimeout(flushCompileCache, WRITTEN_AFTER_MS).unref();
  } catch {
    // Not ours to write: a program of another account, or a read-only disk.
  }
}
