/** For a file that is only in the way: that it can't be removed now is no reason for anything else to fail. */
import { rmSync } from 'node:fs';

/** A file, or a directory with all that is in it. False: it is still there, since somebody holds it or it is not ours to remove. */
export function removeQuietly(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}
