/**
 * What the set-up has done, line by line, for IT. Invariants: no secret is ever given to it; each line is one, whatever somebody has
 * put into what it tells of; it is written into a file that the set-up has made itself, at this time or an earlier one, and that
 * nobody else can hold. Whoever starts the set-up names that file, before anybody is asked: no other file gets a line of theirs.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { errorText, oneLine } from '../base/logger.ts';
import { PRIVATE_FILE } from '../platform/windows/access.ts';
import { writePrivateFile } from '../platform/windows/private-file.ts';
import { readerOfFile } from '../platform/windows/secure-directory.ts';
import { makeDirectory } from '../shared/make-directory.ts';

export interface SetupLog {
  say(line: string): void;
}

export interface SetupLogFile {
  readonly path: string;
  /** By `/LOG`: then it may be there already, and is added to. */
  readonly isNamed: boolean;
}

const { O_RDWR, O_APPEND } = constants;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** A share keeps its links and its rights to itself, and whose it is concerns those who have named it. */
export const SHARE = /^\\\\[^\\?.]/;
/** Nothing runs a file that is called so, or obeys it. */
const SUFFIXES: readonly string[] = ['.log', '.txt'];
const FIRST_LINE = 'the log of the set-up of Kanade Tray';
const TIME_CHARS = new Date(0).toISOString().length;

/**
 * To standard output and to `file`, which is made with the first line; one that can't be written is said once, and does not end
 * the set-up. null: to standard output only.
 */
export function openSetupLog(file: SetupLogFile | null, print: (line: string) => void): SetupLog {
  let opened: number | 'not yet' | 'broken' = file === null ? 'broken' : 'not yet';
  return {
    say(text) {
      const line = oneLine(text);
      print(line);
      if (file === null || opened === 'broken') return;
      try {
        if (opened === 'not yet') opened = openFile(file);
        writeSync(opened, timed(line));
      } catch (error) {
        opened = 'broken';
        print(`the log ${file.path} can not be written: ${errorText(error)}`);
      }
    },
  };
}

/** Why the log is not written to what `/LOG` names; null: it is. */
export function whyNoLog(path: string): string | null {
  if (!SUFFIXES.includes(extname(path).toLowerCase()) || basename(path).includes(':'))
    return `it is not called ${SUFFIXES.join(' or ')}`;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (found.isSymbolicLink()) return 'it leads elsewhere';
  // To open one that others have a lock on would wait for them.
  const reader = process.platform === 'win32' && !SHARE.test(path) ? readerOfFile(path) : null;
  if (reader !== null) return `${reader} can read it, and so hold it`;
  try {
    closeSync(openThere(path));
    return null;
  } catch (error) {
    return errorText(error);
  }
}

function openFile({ path, isNamed }: SetupLogFile): number {
  makeDirectory(dirname(path));
  if (!isNamed || lstatSync(path, { throwIfNoEntry: false }) === undefined) makeNew(path);
  else {
    const why = whyNoLog(path);
    if (why !== null) throw new Error(why);
  }
  return openThere(path);
}

function makeNew(path: string): void {
  const text = timed(FIRST_LINE);
  if (process.platform === 'win32' && !SHARE.test(path)) writePrivateFile(path, text, PRIVATE_FILE);
  else writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
}

/** A plain file that was made by a set-up. */
function openThere(path: string): number {
  const fd = openSync(path, O_RDWR | O_APPEND | NO_FOLLOW);
  const stats = fstatSync(fd);
  const why = !stats.isFile() || stats.nlink > 1 ? 'it has another name elsewhere' : whyNotOurs(fd);
  if (why === null) return fd;
  closeSync(fd);
  throw new Error(why);
}

function whyNotOurs(fd: number): string | null {
  const start = Buffer.alloc(TIME_CHARS + 1 + FIRST_LINE.length);
  const text = start.toString('utf8', 0, readSync(fd, start, 0, start.length, 0));
  return text.slice(TIME_CHARS + 1) === FIRST_LINE ? null : 'it is there, and was not made by a set-up';
}

function timed(line: string): string {
  return `${new Date().toISOString()} ${line}\r\n`;
}
