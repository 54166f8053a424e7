/**
 * Which version the fleet wants here, and whether it has one for us: only objects that carry our own name and a signature
 * beside them count (protocol §8), since the fleet's objects are programs of another product (D36). Nothing is downloaded.
 */
import { spreadMs } from '../../base/backoff.ts';
import { drop } from '../../base/drop.ts';
import type { Logger } from '../../base/logger.ts';
import { type Watched, WatchedCell } from '../../base/watched.ts';
import type { HostFacts } from '../../platform/host-facts.ts';
import type { Binding, Bus } from '../bus/bus.ts';
import type { EffectiveConfig } from '../wire/config-scope.ts';

const BUCKET = 'agent_releases';
const RECHECK_MS = 5 * 60_000;
/** Anything else names no object of ours, and is not put into a subject. */
const LABEL = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/;

/** `none`: nothing is wanted, or what runs is. `waiting`: the wanted one is there for us. */
export interface UpdateStatus {
  readonly state: 'none' | 'waiting' | 'wanted_not_ours';
  readonly installed: string;
  readonly wanted: string | null;
}

export interface UpdateWatchOptions {
  readonly bus: Bus;
  readonly config: Watched<EffectiveConfig>;
  readonly installed: string;
  readonly host: Pick<HostFacts, 'osFamily' | 'programArch'>;
  readonly log: Logger;
}

export interface UpdateWatch extends Binding {
  readonly status: Watched<UpdateStatus>;
}

/** The names under which a release for this platform and its signature would be stored. */
export function releaseObjects(version: string, host: Pick<HostFacts, 'osFamily' | 'programArch'>): [string, string] {
  const name = `${version}-electron-${host.osFamily}-${host.programArch}`;
  return [name, `${name}.sig`];
}

/** Looks on each change of the wanted version, on each connect, and about every 5 minutes while one is wanted. */
export function startUpdateWatch(options: UpdateWatchOptions): UpdateWatch {
  const { bus, config, installed, host, log } = options;
  const status = new WatchedCell<UpdateStatus>({ state: 'none', installed, wanted: null });
  let wanted: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const publish = (state: UpdateStatus['state']) => {
    const { value } = status;
    if (value.state === state && value.wanted === wanted) return;
    log.info('update', { state, installed, wanted });
    status.set({ state, installed, wanted });
  };
  const look = async () => {
    arm(spreadMs(RECHECK_MS));
    const version = wanted;
    if (version === null || !LABEL.test(version)) return;
    const names = releaseObjects(version, host);
    const present = await bus.objectsPresent(BUCKET, names);
    // What can't be told now leaves things as they were.
    if (present === null || closed || version !== wanted) return;
    publish(names.every((name) => present.has(name)) ? 'waiting' : 'wanted_not_ours');
  };
  const arm = (inMs: number) => {
    clearTimeout(timer);
    if (!closed && wanted !== null) timer = setTimeout(() => drop(look(), log, 'looking for an update'), inMs);
  };
  const follow = ({ targetVersion }: EffectiveConfig) => {
    const now = targetVersion === installed ? null : targetVersion;
    if (now === wanted) return;
    wanted = now;
    publish(now === null ? 'none' : 'wanted_not_ours');
    arm(0);
  };
  const stopConfig = config.watch(follow);
  const stopLink = bus.link.watch(({ state }) => {
    // A moment later: the connection is not in use yet while its state is being told.
    if (state === 'connected') arm(0);
  });
  follow(config.value);

  return {
    status,
    close() {
      closed = true;
      clearTimeout(timer);
      stopConfig();
      stopLink();
    },
  };
}
