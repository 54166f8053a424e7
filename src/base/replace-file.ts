/**
 * Files that are replaced as a whole. Invariant: whoever reads one gets the old content or the new one, also after a crash; and
 * the new one is written into a file that is ours alone from the start, whatever names somebody else has taken before.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory } from '../shared/make-directory.ts';
import { removeQuietly } from './remove-quietly.ts';

/** Its own, and by this name only: made or not made, and never through a link. */
const EXCLUSIVE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
/** The end of the name of a file that is still being written. */
const FRESH = /\.[0-9a-f]{16}\.new$/;
/** Nobody writes for so long: who began it has crashed. */
const LEFT_OVER_AFTER_MS = 60_000;

/** Writes beside `file`, onto the disk, and renames. Nothing is left of it where that fails. @throws as `node:fs` */
export function replaceFile(file: string, content: string | Uint8Array, mode = 0o666): void {
  makeDirectory(dirname(file));
  const fresh = `${file}.${randomBytes(8).toString('hex')}.new`;
  const opened = openSync(fresh, EXCLUSIVE, mode);
  try {
    try {
      writeFileSync(opened, content);
      fsyncSync(opened);
      removeLeftOvers(dirname(file), fstatSync(opened).mtimeMs);
    } finally {
      closeSync(opened);
    }
    renameSync(fresh, file);
  } catch (error) {
    removeQuietly(fresh);
    throw error;
  }
}

/** The files whose left-overs were looked for; the directory may be large, so it is read once. */
const lookedInto = new Set<string>();

/** What a crash in the middle has left, of this file or another one in its directory. `nowMs`: as its files tell the time. */
function removeLeftOvers(directory: string, nowMs: number): void {
  if (lookedInto.has(directory)) return;
  lookedInto.add(directory);
  for (const name of readdirSync(directory).filter((each) => FRESH.test(each))) {
    try {
      const left = join(directory, name);
      if (nowMs - statSync(left).mtimeMs > LEFT_OVER_AFTER_MS) rmSync(left);
    } catch {
      // In the way of nobody.
    }
  }
}
