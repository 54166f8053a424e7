/**
 * The store as the agent begins with it. Invariant: one that can't be used is a state that is shown, not the end (architecture §6). What
 * the store reads at once counts as part of its opening: what passes is tried again, what does not is damage like any other.
 */
import { systemClock } from '../../base/clock.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { bootId } from '../../platform/boot-id.ts';
import { stillAlive } from '../../platform/watchdog.ts';
import type { BootConfig } from '../config/boot-config.ts';
import { noteDamage } from '../store/aside.ts';
import { isUnreadableForLong, type OpenResult, openStore, wasRead } from '../store/open.ts';
import { isCorrupt, mayPass } from '../store/sqlite-errors.ts';
import { Store, type StoreOptions } from '../store/store.ts';

export type OpenedStoreConfig = Pick<BootConfig, 'directories' | 'history' | 'results'>;

export interface OpenedStore {
  readonly store: Store;
  readonly oldCopy: boolean;
  readonly unclean: boolean;
  /** False: a stand-in, see {@link openUsable}. */
  readonly usable: boolean;
}

/** The store, or a stand-in for one that can't be used. `in_use`: another agent works on it. */
export function openTheStore(config: OpenedStoreConfig, log: Logger): OpenedStore | 'in_use' {
  const opened = open(config, log);
  switch (opened.kind) {
    case 'store':
      return opened.opened;
    case 'in_use':
      return 'in_use';
    case 'future':
      log.error('the store was written by a newer release', { have: opened.have, supported: opened.supported });
      break;
    case 'read_only':
    case 'full':
      log.error('the store can not be written', { state: opened.kind, why: opened.why });
  }
  return { store: Store.unusable(optionsOf(config, log), opened.kind), oldCopy: false, unclean: false, usable: false };
}

/** The store, where it can be used by now; asked every `REOPEN_MS`. */
export function openUsable(config: OpenedStoreConfig, log: Logger): OpenedStore | null {
  try {
    const opened = open(config, log);
    return opened.kind === 'store' ? opened.opened : null;
  } catch {
    // Out of file descriptors, for one: the next try may tell.
    return null;
  }
}

type Opening = { readonly kind: 'store'; readonly opened: OpenedStore } | Exclude<OpenResult, { kind: 'open' }>;

function open(config: OpenedStoreConfig, log: Logger): Opening {
  const directory = config.directories.agentDir;
  const { publishPinSkips } = config.results;
  for (let damage: string | null = null; ; ) {
    const result = openStore(directory, log.child('store'), stillAlive, { publishPinSkips });
    if (result.kind !== 'open') return result;
    const { quarantined, oldCopy, unclean, full } = result.notes;
    try {
      const store = new Store(result.db, { ...optionsOf(config, log), full, quarantined: quarantined !== null });
      wasRead(directory);
      if (quarantined !== null) log.error('the store was damaged; a new one is begun', { kept_as: quarantined });
      if (oldCopy) log.error('an old copy of the store was put back; nothing that is open in it is run');
      return { kind: 'store', opened: { store, oldCopy, unclean, usable: true } };
    } catch (error) {
      result.db.close();
      const why = errorText(error);
      const isDamaged = isCorrupt(error) || isUnreadableForLong(directory, error);
      if (!isDamaged && !mayPass(error)) throw error;
      if (!isDamaged || damage !== null || !noteDamage(directory, why)) return { kind: 'read_only', why };
      damage = why;
    }
  }
}

function optionsOf({ directories, history, results }: OpenedStoreConfig, log: Logger): StoreOptions {
  return {
    directory: directories.agentDir,
    retention: {
      historyDays: history.days,
      historyMaxBytes: history.maxBytes,
      queueMaxBytes: results.queueMaxBytes,
    },
    boot: bootId(),
    clock: systemClock,
    log: log.child('store'),
  };
}
