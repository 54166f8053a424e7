/** The accounts that are signed in on this PC, for which a service offers an endpoint of its own (security S3). */
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import type { Logger } from '../base/logger.ts';
import { errorText } from '../base/logger.ts';
import { type Watched, WatchedCell } from '../base/watched.ts';

/** systemd makes a directory per signed-in user here, and takes it away with the last session. */
const USER_RUNTIME = '/run/user';

export interface SignedInAccounts {
  /** Uids, in ascending order. */
  readonly accounts: Watched<readonly string[]>;
  close(): void;
}

/** Follows who is signed in. Nobody, where the operating system has no such directory (a container, Windows). */
export function signedInAccounts(log: Logger, directory: string = USER_RUNTIME): SignedInAccounts {
  const cell = new WatchedCell<readonly string[]>(list(directory));
  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(directory, { persistent: false }, () => {
      const now = list(directory);
      if (now.join() !== cell.value.join()) cell.set(now);
    });
    watcher.on('error', (error) => log.warn('who is signed in is no longer followed', { error: errorText(error) }));
  } catch {
    // No such directory: nobody can be signed in that way here.
  }
  return { accounts: cell, close: () => watcher?.close() };
}

function list(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => /^[0-9]+$/.test(name));
    return names.sort((a, b) => Number(a) - Number(b));
  } catch {
    return [];
  }
}
