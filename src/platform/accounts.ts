/** The accounts that are signed in on this PC, for which a service offers an endpoint of its own (threat-model §1). */
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { userInfo } from 'node:os';
import type { Logger } from '../base/logger.ts';
import { errorText } from '../base/logger.ts';
import { type Watched, WatchedCell } from '../base/watched.ts';
import { type Account, sessionAccounts } from './sessions.ts';
import { ownSid } from './windows/sids.ts';

/** systemd makes a directory per signed-in user here, and takes it away with the last session. */
const USER_RUNTIME = '/run/user';

/** Windows tells sign-ins only to windows; a poll now and then is soon enough for an icon. */
const POLL_EVERY_MS = 15_000;

export interface SignedInAccounts {
  /** Uids in ascending order, or SIDs. */
  readonly accounts: Watched<readonly string[]>;
  close(): void;
}

/** Follows who is signed in. Nobody, where this can't be told (a container; on Windows for others than a service). */
export function signedInAccounts(log: Logger): SignedInAccounts {
  return process.platform === 'win32'
    ? pollAccounts(() => sessionAccounts(), POLL_EVERY_MS, log)
    : followDirectory(USER_RUNTIME, log);
}

/** The account that this process runs as. */
export function ownAccount(): Account {
  const id = process.platform === 'win32' ? ownSid() : String(process.getuid?.() ?? 0);
  try {
    return { id, name: userInfo().username };
  } catch {
    // An account of a directory service that is not there now, or a number in a container.
    return { id, name: id };
  }
}

/** Uids as the names of directories. */
export function followDirectory(directory: string, log: Logger): SignedInAccounts {
  const cell = new WatchedCell<readonly string[]>(uidsIn(directory));
  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(directory, { persistent: false }, () => setIfChanged(cell, uidsIn(directory)));
    watcher.on('error', (error) => log.warn('who is signed in is no longer followed', { error: errorText(error) }));
  } catch {
    // No such directory: nobody can be signed in that way here.
  }
  return { accounts: cell, close: () => watcher?.close() };
}

/** Asks `list` now and every `everyMs`. What fails leaves things as they were. */
export function pollAccounts(list: () => readonly string[], everyMs: number, log: Logger): SignedInAccounts {
  const cell = new WatchedCell<readonly string[]>([]);
  const poll = () => {
    try {
      setIfChanged(cell, list());
    } catch (error) {
      log.warn('who is signed in can not be told', { error: errorText(error) });
    }
  };
  poll();
  const timer = setInterval(poll, everyMs).unref();
  return { accounts: cell, close: () => clearInterval(timer) };
}

function setIfChanged(cell: WatchedCell<readonly string[]>, now: readonly string[]): void {
  if (now.join() !== cell.value.join()) cell.set(now);
}

function uidsIn(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => /^[0-9]+$/.test(name));
    return names.sort((a, b) => Number(a) - Number(b));
  } catch {
    return [];
  }
}
