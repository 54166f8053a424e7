/** Room held back on the store's disk, given up when a result could not be written: running work can always finish (architecture §6). */
import { existsSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { removeQuietly } from '../../base/remove-quietly.ts';

const RESERVE_FILE = 'reserve';
export const RESERVE_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/** All of it: a part is none, and so is one that nobody can look at. */
export function hasReserve(directory: string): boolean {
  try {
    return statSync(join(directory, RESERVE_FILE)).size >= RESERVE_BYTES;
  } catch {
    return false;
  }
}

/**
 * Gives it back to the disk, and what one holds that was not finished. False: there was none, or somebody holds it (a virus scanner):
 * it is tried again with the next write.
 */
export function releaseReserve(directory: string): boolean {
  const path = join(directory, RESERVE_FILE);
  const released = [path, freshOf(path)].map((file) => existsSync(file) && removeQuietly(file));
  return released.includes(true);
}

/** Where it is made. */
function freshOf(path: string): string {
  return `${path}.new`;
}

/** Rejects where there is no room for it; then nothing of it is left. */
export async function makeReserve(directory: string): Promise<void> {
  const path = join(directory, RESERVE_FILE);
  // Under its name only when it is whole: an end of the process in between would leave a part that counts as all of it.
  const fresh = freshOf(path);
  try {
    {
      await using file = await open(fresh, 'w', 0o600);
      // Written, not truncated to size: a sparse file reserves nothing. In pieces: nobody waits for it.
      const chunk = Buffer.alloc(CHUNK_BYTES, 1);
      for (let written = 0; written < RESERVE_BYTES; written += chunk.length) await file.write(chunk);
      await file.sync();
    }
    await rename(fresh, path);
  } catch (error) {
    removeQuietly(fresh);
    throw error;
  }
}
