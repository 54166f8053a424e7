/**
 * Batch files for scripts of several lines (`shell.ts`, Windows). Invariant: each lies in a directory of its own that nobody but
 * we, the Administrators and the account that runs it can open, and goes with its script.
 */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory as makeParents } from '../../shared/make-directory.ts';
import { encodeOem } from '../os/oem-code-page.ts';
import { makeDirectory } from '../os/windows/access.ts';
import { ownSid } from '../os/windows/sids.ts';

/** `cmd` reads a batch file in the code page of its console, which is the old one unless somebody changes it. */
const TO_UTF_8 = 'chcp 65001 >nul\r\n';

export interface BatchFile {
  readonly path: string;
  remove(): void;
}

export class BatchFiles {
  readonly #directory: string;

  /** Takes away what an agent that died has left there. */
  constructor(directory: string) {
    this.#directory = directory;
    rmSync(directory, { recursive: true, force: true });
  }

  /** `reader`: the SID of the account that runs it. @throws with the cause */
  write(text: string, reader: string): BatchFile {
    makeParents(this.#directory);
    const directory = join(this.#directory, randomUUID());
    const all = ['SY', 'BA', ownSid()].map((who) => `(A;OICI;FA;;;${who})`).join('');
    makeDirectory(directory, `D:P${all}(A;OICI;GRGX;;;${reader})`);
    const path = join(directory, 'script.cmd');
    writeFileSync(path, encodeOem(text) ?? TO_UTF_8 + text);
    return { path, remove: () => removeQuietly(directory) };
  }
}

/** Something that the script left running may hold it; the next agent takes it away. */
function removeQuietly(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // As said.
  }
}
