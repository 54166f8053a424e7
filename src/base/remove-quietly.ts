/** For a file that is only in the way: that it can't be removed now is no reason for anything else to fail. */
import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';

/** A file, or a directory with all that is in it. False: it is still there, since somebody holds it or it is not ours to remove. */
export function removeQuietly(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

/** The same in another thread: to give back the room of some 100 MB takes a while. */
export async function removeLargeQuietly(path: string): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}
