/**
 * What the set-up has done, line by line, for IT. Invariants: no secret is ever given to it; it is written into a file that it has
 * made itself, or one that IT has named and that is nobody else's by another name.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorText } from '../base/logger.ts';
import { makeDirectory } from '../shared/make-directory.ts';

export interface SetupLog {
  say(line: string): void;
}

export interface SetupLogFile {
  readonly path: string;
  /** By `/LOG`: then it may be there already, and is added to. */
  readonly isNamed: boolean;
}

const { O_WRONLY, O_CREAT, O_EXCL, O_APPEND } = constants;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * To standard output and to `file`, which is made with the first line; one that can't be written is said once, and does not end
 * the set-up. null: to standard output only.
 */
export function openSetupLog(file: SetupLogFile | null, print: (line: string) => void): SetupLog {
  let opened: number | 'not yet' | 'broken' = file === null ? 'broken' : 'not yet';
  return {
    say(line) {
      print(line);
      if (file === null || opened === 'broken') return;
      try {
        if (opened === 'not yet') opened = openFile(file);
        writeSync(opened, `${new Date().toISOString()} ${line}\r\n`);
      } catch (error) {
        opened = 'broken';
        print(`the log ${file.path} can not be written: ${errorText(error)}`);
      }
    },
  };
}

function openFile({ path, isNamed }: SetupLogFile): number {
  makeDirectory(dirname(path));
  if (!isNamed) return openSync(path, O_WRONLY | O_CREAT | O_EXCL | NO_FOLLOW);
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) throw new Error('it leads elsewhere');
  const fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | NO_FOLLOW);
  const stats = fstatSync(fd);
  if (stats.isFile() && stats.nlink <= 1) return fd;
  closeSync(fd);
  throw new Error('it has another name elsewhere');
}
