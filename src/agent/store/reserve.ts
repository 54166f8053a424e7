/** Room held back on the store's disk, given up when a result could not be written: running work can always finish (architecture §6). */
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { removeQuietly } from '../../base/remove-quietly.ts';

const RESERVE_FILE = 'reserve';
export const RESERVE_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

export function hasReserve(directory: string): boolean {
  return existsSync(join(directory, RESERVE_FILE));
}

/** Gives it back to the disk. False: there was none, or somebody holds it (a virus scanner): it is tried again with the next write. */
export function releaseReserve(directory: string): boolean {
  return hasReserve(directory) && removeQuietly(join(directory, RESERVE_FILE));
}

/** Rejects where there is no room for it; then nothing of it is left. */
export async function makeReserve(directory: string): Promise<void> {
  const path = join(directory, RESERVE_FILE);
  try {
    await using file = await open(path, 'w', 0o600);
    // Written, not truncated to size: a sparse file reserves nothing. In pieces: nobody waits for it.
    const chunk = Buffer.alloc(CHUNK_BYTES, 1);
    for (let written = 0; written < RESERVE_BYTES; written += chunk.length) await file.write(chunk);
    await file.sync();
  } catch (error) {
    removeQuietly(path);
    throw error;
  }
}
