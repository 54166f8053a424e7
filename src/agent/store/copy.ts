/**
 * A copy of the store while it works. Its file is locked for this connection alone, so nobody else can read it; and SQLite syncs a
 * copy at its end, which for some 100 MB takes longer than others may wait. So it goes in steps of some ms, and what was written is
 * brought onto the disk by another thread meanwhile: little is left for the end.
 */
import { open } from 'node:fs/promises';
import type { Database } from 'better-sqlite3';
import { blockFor } from '../../base/sleep.ts';

/** So many at once. */
const STEP_PAGES = 256;
/** So much may be on its way to the disk. */
const FLUSH_PAGES = 4_096;
/** A turn of the loop in which the copy only waits for the disk: without it that would take a whole core. */
const IDLE_TURN_MS = 1;

export interface CopyOptions {
  readonly signal: AbortSignal;
  /** For tests. */
  readonly flush?: (file: string) => Promise<void>;
  readonly stepPages?: number;
  readonly flushPages?: number;
}

/** As it is at the end, into a file that is not there yet. Rejects with the signal's reason; then the file is of no use. */
export async function copyDatabase(db: Database, file: string, options: CopyOptions): Promise<void> {
  const { signal, flush = flushFile, stepPages = STEP_PAGES, flushPages = FLUSH_PAGES } = options;
  let unflushed = 0;
  let flushing = Promise.resolve();
  let isFlushing = false;
  let failed: { readonly error: unknown } | null = null;
  const progress = ({ remainingPages }: { readonly remainingPages: number }): number => {
    signal.throwIfAborted();
    if (failed !== null) throw failed.error;
    const isLast = remainingPages <= stepPages;
    if (unflushed >= flushPages || (isLast && unflushed > 0)) {
      if (isFlushing) {
        blockFor(IDLE_TURN_MS);
        return 0;
      }
      unflushed = 0;
      isFlushing = true;
      flushing = flush(file)
        .catch((error: unknown) => {
          failed = { error };
        })
        .finally(() => {
          isFlushing = false;
        });
    }
    if (isLast && isFlushing) {
      blockFor(IDLE_TURN_MS);
      return 0;
    }
    unflushed += stepPages;
    return stepPages;
  };
  try {
    await db.backup(file, { progress });
  } finally {
    await flushing;
  }
}

async function flushFile(file: string): Promise<void> {
  await using handle = await open(file, 'r+');
  await handle.datasync();
}
