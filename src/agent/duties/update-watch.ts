/**
 * Which version the fleet wants here, and whether it has one for us that is signed (protocol §8). Nothing is downloaded and
 * nothing is installed here: `update-taking.ts` does that, or IT.
 */
import { spreadMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import type { Logger } from '../../base/logger.ts';
import { type Watched, WatchedCell } from '../../base/watched.ts';
import type { HostFacts } from '../../platform/host-facts.ts';
import type { UpdateView } from '../../shared/agent-status.ts';
import type { Binding, Bus } from '../bus/bus.ts';
import type { SeenUpdates } from '../store/seen-updates.ts';
import type { Pin } from '../update/key-ring.ts';
import type { Target } from '../update/release-names.ts';
import type { EffectiveConfig } from '../wire/config-scope.ts';
import type { Found, LookupOptions, Offer } from './release-lookup.ts';

const RECHECK_MS = 5 * 60_000;
const NONE = { state: 'none', reason: null, release: null } as const;
/** Until the first look-up. */
const UNSEEN = { state: 'wanted_not_ours', reason: null, release: null } as const;

export interface UpdateWatchOptions {
  readonly bus: Bus;
  readonly config: Watched<EffectiveConfig>;
  readonly seen: SeenUpdates;
  readonly pin: Pin;
  readonly installed: string;
  /** `[update] channel`. */
  readonly channel: string;
  readonly host: Pick<HostFacts, 'osFamily' | 'programArch'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
}

export interface UpdateWatch extends Binding {
  readonly status: Watched<UpdateView>;
  /** What may be taken now; null: nothing. */
  readonly offer: Watched<Offer | null>;
}

export function targetOf({ osFamily, programArch }: Pick<HostFacts, 'osFamily' | 'programArch'>): Target {
  return { platform: osFamily, arch: programArch };
}

/** Loads what reads a release when one is wanted: most starts have no use for it. */
async function findRelease(wanted: string, options: LookupOptions): Promise<Found | null> {
  const lookup = await import('./release-lookup.ts');
  return lookup.findRelease(wanted, options);
}

/** Looks it up on each change of the wanted version, on each connect, and about every 5 minutes while one is wanted. */
export function startUpdateWatch(options: UpdateWatchOptions): UpdateWatch {
  const { bus, config, seen, pin, installed, channel, host, clock, log } = options;
  const offer = new WatchedCell<Offer | null>(null);
  const status = new WatchedCell<UpdateView>({ ...NONE, installed, wanted: null });
  let wanted: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let current = new AbortController();
  let closed = false;

  const publish = (found: Found | typeof NONE | typeof UNSEEN) => {
    const release = found.release === null ? null : { ...found.release, signedBy: [...found.release.signedBy] };
    const next: UpdateView = { state: found.state, reason: found.reason, release, installed, wanted };
    offer.set(found.state === 'available' ? found.offer : null);
    if (JSON.stringify(next) === JSON.stringify(status.value)) return;
    log.info('update', { state: next.state, reason: next.reason, installed, wanted });
    status.set(next);
  };
  const lookUp = async () => {
    arm(spreadMs(RECHECK_MS));
    current.abort(new Error('looked again'));
    if (wanted === null) return;
    current = new AbortController();
    const { signal } = current;
    // The later of both clocks: whoever holds one back must not make an old signature good again.
    const nowMs = Math.max(clock.nowMs(), bus.serverNowMs() ?? 0);
    const found = await findRelease(wanted, {
      bus,
      seen,
      pin,
      target: targetOf(host),
      installed,
      channel,
      nowMs,
      signal,
    });
    // What can't be told now leaves things as they were.
    if (found !== null && !signal.aborted) publish(found);
  };
  const arm = (inMs: number) => {
    clearTimeout(timer);
    if (!closed && wanted !== null) timer = setTimeout(() => drop(lookUp(), log, 'looking for an update'), inMs);
  };
  const follow = ({ targetVersion }: EffectiveConfig) => {
    const now = targetVersion === installed ? null : targetVersion;
    if (now === wanted) return;
    wanted = now;
    current.abort(new Error('another version is wanted'));
    publish(now === null ? NONE : UNSEEN);
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
    offer,
    close() {
      closed = true;
      current.abort(new Error('closed'));
      clearTimeout(timer);
      stopConfig();
      stopLink();
    },
  };
}
