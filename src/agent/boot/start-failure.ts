/**
 * What an agent that is started by hand leaves behind when it ends for its settings, so that a window beside it says what is wrong
 * and not that it is starting. Invariant: it is there only while the last start ended so, and it hinders no start.
 */
import { existsSync, lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { endpointFile, startFailureFile } from '../../shared/directories.ts';
import { makeDirectory } from '../../shared/make-directory.ts';
import type { StartFailure } from '../../shared/start-failure.ts';

/** Best effort: who can't write there has said it on standard error. */
export function noteStartFailure(agentDir: string, state: StartFailure): void {
  try {
    makeDirectory(agentDir, 0o711);
    if (!isOurs(agentDir) || isServed(agentDir)) return;
    forgetStartFailure(agentDir);
    writeFileSync(startFailureFile(agentDir), `${JSON.stringify({ state })}\n`, { flag: 'wx', mode: 0o644 });
  } catch {
    // As said above.
  }
}

export function forgetStartFailure(agentDir: string): void {
  try {
    rmSync(startFailureFile(agentDir), { force: true });
  } catch {
    // A directory that can't be written: then nothing was noted in it either.
  }
}

/** Nothing is written where somebody else could have put a link. */
function isOurs(directory: string): boolean {
  const found = lstatSync(directory);
  return found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid());
}

/** By an agent with other settings, which says itself how it is. */
function isServed(agentDir: string): boolean {
  const accounts = dirname(dirname(endpointFile(agentDir, 'any')));
  return existsSync(accounts) && readdirSync(accounts).some((account) => existsSync(endpointFile(agentDir, account)));
}
