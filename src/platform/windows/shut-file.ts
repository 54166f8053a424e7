/**
 * Files that people may read, and so hold without sharing, or have an opportunistic lock on that they never give back. Invariant: nothing
 * waits for them; what is done to such a file by its name afterwards waits for nobody either.
 */
import { PRIVATE_FILE } from './access.ts';
import { insistOn, type Say } from './holders.ts';
import { DELETE, SHARE_NOTHING, STAT, wholePath, withOpenIn } from './nt-files.ts';
import { giveAccess } from './secure-directory.ts';
import { READ_DATA } from './win32-constants.ts';

/**
 * Nobody but the Administrators can open the file from now on, and nobody does: programs of people that do are ended.
 * @throws {StillHeld} by somebody else
 */
export function shutFile(path: string, say: Say): void {
  giveAccess(path, PRIVATE_FILE, { deep: false });
  const check = () => {
    withOpenIn(0, wholePath(path), { access: READ_DATA | DELETE | STAT, share: SHARE_NOTHING }, () => {});
  };
  insistOn(path, check, say);
}

/**
 * Nobody keeps us from reading the file any more, or lets us wait for it: programs of people that do are ended. For a file that nobody
 * else can open any more. @throws {StillHeld} by somebody else
 */
export function freeFile(path: string, say: Say): void {
  insistOn(path, () => withOpenIn(0, wholePath(path), { access: READ_DATA | STAT }, () => {}), say);
}
