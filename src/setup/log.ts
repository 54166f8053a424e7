/** What the set-up has done, line by line, for IT. Invariant: no secret is ever given to it. */

import { appendFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorText } from '../agent/base/logger.ts';
import { makeDirectory } from '../shared/make-directory.ts';

export interface SetupLog {
  say(line: string): void;
}

/** To standard output and to `file`; a file that can't be written is said once, and does not end the set-up. */
export function openSetupLog(file: string, print: (line: string) => void): SetupLog {
  let broken = false;
  try {
    makeDirectory(dirname(file));
  } catch {
    // Writing says so.
  }
  return {
    say(line) {
      print(line);
      if (broken) return;
      try {
        appendFileSync(file, `${new Date().toISOString()} ${line}\r\n`);
      } catch (error) {
        broken = true;
        print(`the log ${file} can not be written: ${errorText(error)}`);
      }
    },
  };
}
