/**
 * Everybody's entry in the Start menu. Invariant: people may read it, and so hold it or have a lock on it that they never give back; no
 * set-up waits for them. So the installer makes it where nobody else comes, and it is put into its place here, as all that people may read.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../base/logger.ts';
import { removeQuietly } from '../base/remove-quietly.ts';
import { READABLE_ENTRY } from '../platform/windows/access.ts';
import type { InstallInput } from './plan.ts';
import { give, isShut } from './put-files.ts';

/** Beside what is unpacked (`installer/shortcut.nsh`). */
const MADE = 'entry.lnk';

/** One that can't be had is no reason to end: everything else is in its place. */
export function putEntry(input: InstallInput): void {
  const { entry, staged, system, log } = input;
  const made = join(staged, MADE);
  if (entry === null || !existsSync(made)) return;
  // By a name that nobody knows, and shut: everybody may open what is made there.
  const fresh = `${entry}.${randomBytes(8).toString('hex')}.new`;
  try {
    if (existsSync(entry) && !isShut(input, entry, READABLE_ENTRY)) return;
    system.makeFile(fresh, readFileSync(made));
    renameSync(fresh, entry);
    give(input, entry, READABLE_ENTRY, false);
    log.say('the entry in the Start menu');
  } catch (error) {
    removeQuietly(fresh);
    log.say(`note: ${entry} can not be put into place: ${errorText(error)}`);
  }
}
