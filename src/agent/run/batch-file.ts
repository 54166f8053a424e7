/**
 * Batch files for scripts of several lines (`shell.ts`, Windows). Invariant: each lies in a directory of its own that nobody but
 * we, the Administrators and the account that runs it can open, and goes with its script.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeQuietly } from '../../base/remove-quietly.ts';
import { encodeOem } from '../../platform/oem-code-page.ts';
import { makeDirectory, PRIVATE_TREE, setFileAccess } from '../../platform/windows/access.ts';
import { removeTree } from '../../platform/windows/remove-tree.ts';
import { ownSid } from '../../platform/windows/sids.ts';
import { makeDirectory as makeParents } from '../../shared/make-directory.ts';

/** `cmd` reads a batch file in the code page of its console, which is the old one unless somebody changes it. */
const TO_UTF_8 = 'chcp 65001 >nul\r\n';

export interface BatchFile {
  readonly path: string;
  remove(): void;
}

export class BatchFiles {
  readonly #directory: string;

  /** What an agent that died has left there, and could not be taken away yet: a script that outlived it may hold it. */
  #left: readonly string[];

  /** Takes away what an agent that died has left there, now or with a later script. */
  constructor(directory: string) {
    this.#directory = directory;
    this.#left = isRemoved(directory) ? [] : pathsIn(directory);
  }

  /** `reader`: the SID of the account that runs it. @throws with the cause */
  write(text: string, reader: string): BatchFile {
    this.#left = this.#left.filter((path) => !isRemoved(path));
    makeParents(this.#directory);
    const directory = join(this.#directory, randomUUID());
    const all = ['SY', 'BA', ownSid()].map((who) => `(A;OICI;FA;;;${who})`).join('');
    makeDirectory(directory, `D:P${all}(A;OICI;GRGX;;;${reader})`);
    const path = join(directory, 'script.cmd');
    writeFileSync(path, encodeOem(text) ?? TO_UTF_8 + text);
    // Something that the script left running may hold it; the next agent takes it away.
    return { path, remove: () => void isRemoved(directory) };
  }
}

/** Without waiting for an account that has a lock on what it may read. */
function isRemoved(path: string): boolean {
  if (process.platform !== 'win32') return removeQuietly(path);
  try {
    // First its reader loses it, so that he can't get a lock on it meanwhile.
    for (const each of [path, ...pathsIn(path)]) if (existsSync(each)) setFileAccess(each, PRIVATE_TREE);
    removeTree(path);
    return true;
  } catch {
    return false;
  }
}

function pathsIn(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name));
  } catch {
    return [];
  }
}
