/** What follows the version that IT wants, and takes it where that is ours to do. Part of the composition root. */
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { CurrentVersion } from '../../base/current-version.ts';
import { parseDailyWindow } from '../../base/daily-window.ts';
import { drop } from '../../base/drop.ts';
import type { Logger } from '../../base/logger.ts';
import { momentMs } from '../../base/moment.ts';
import type { Watched } from '../../base/watched.ts';
import type { HostFacts } from '../../platform/host-facts.ts';
import type { UpdateView } from '../../shared/agent-status.ts';
import type { Bus } from '../bus/bus.ts';
import type { BootConfig } from '../config/boot-config.ts';
import type { Fleet } from '../config/fleet.ts';
import { prepareByApt, updateByApt } from '../duties/apt-update.ts';
import { handOverUpdate, showOwnVersion } from '../duties/hand-over-update.ts';
import { startUpdateTaking, type UpdateTaking, type UpdateTakingOptions } from '../duties/update-taking.ts';
import { startUpdateTrial } from '../duties/update-trial.ts';
import { startUpdateWatch, targetOf } from '../duties/update-watch.ts';
import type { Dispatcher } from '../run/dispatcher.ts';
import type { Store } from '../store/store.ts';
import type { Installed } from '../update/installation.ts';
import type { Pin } from '../update/key-ring.ts';

/** What the process that carries us knows of its own program. */
export interface OwnProgram {
  readonly installed: Installed;
  /** With which it was started, as a version after it would be. */
  readonly args: readonly string[];
  /** How often a switch has failed since it was started. */
  readonly failedSwitches: number;
}

export interface SelfUpdateParts {
  readonly config: BootConfig;
  readonly store: Store;
  readonly bus: Bus;
  readonly fleet: Fleet;
  readonly host: HostFacts;
  readonly version: string;
  readonly program: OwnProgram;
  /** Whose releases count; see `readPin`. */
  readonly pin: Pin;
  readonly dispatcher: Pick<Dispatcher, 'hold' | 'isIdle'>;
  /** Stops the agent; then the process ends, and `next` counts. null: as it is, and this start has failed. */
  readonly endFor: (next: CurrentVersion | null) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface SelfUpdate {
  readonly status: Watched<UpdateView>;
  /** See `UpdateTaking`; null: this PC takes none by itself. */
  readonly schedule: UpdateTaking['schedule'] | null;
  close(): Promise<void>;
}

export function startSelfUpdate(parts: SelfUpdateParts): SelfUpdate {
  const { config, store, bus, fleet, host, version, program, pin, endFor, clock } = parts;
  const log = parts.log.child('update');
  const watch = startUpdateWatch({
    bus,
    config: fleet.effective,
    seen: store.seenUpdates,
    pin,
    installed: version,
    channel: config.update.channel,
    host,
    clock,
    log,
  });
  const { installed } = program;
  const takes = config.update.enabled && pin.kind === 'pinned' && store.isUsable;
  if (installed.by !== 'us') {
    if (installed.by === 'others' || !takes || !config.update.byApt)
      return { status: watch.status, schedule: null, close: async () => watch.close() };
    const taking = startTaking({ begin: Promise.resolve(), prepare: prepareByApt, switchTo: counted(updateByApt) });
    return {
      status: taking.status,
      schedule: (when) => taking.schedule(when),
      async close() {
        watch.close();
        await taking.close();
      },
    };
  }
  const { installation } = installed;
  const staging = join(config.directories.agentDir, 'staging');
  const settled = Promise.withResolvers<void>();
  const ending = new AbortController();
  const trial = startUpdateTrial({
    installation,
    staging,
    version,
    target: targetOf(host),
    bus,
    notes: store.updateNotes,
    storeIsUsable: store.isUsable,
    nowMs: () => clock.nowMs(),
    onSettled: () => {
      settled.resolve();
      drop(showOwnVersion({ installation, log, signal: ending.signal }, version), log, 'showing this version');
    },
    commands: parts.dispatcher,
    onFailed: () => endFor(null),
    log,
  });
  const ours = { installation, staging, bus, store, args: program.args, env: process.env, log };
  const bySetup = counted((offer, signal) => handOverUpdate({ installation, offer, log, signal }));
  const taking = takes
    ? startTaking({
        // While a version is on trial, the one before it must stay.
        begin: settled.promise,
        prepare: async (offer, on, signal) => {
          // Not before it is needed, as what reads a release.
          const { prepareUpdate } = await import('../duties/prepare-update.ts');
          return prepareUpdate({ ...ours, ...on, offer, signal });
        },
        switchTo: async (offer, signal) => {
          if (installation.putBy === 'setup') return bySetup(offer, signal);
          const { release, manifest } = offer;
          endFor({ version: release.version, trial: { before: version, serial: release.serial, manifest } });
          return null;
        },
      })
    : null;
  return {
    status: taking?.status ?? watch.status,
    schedule: taking === null ? null : (when) => taking.schedule(when),
    async close() {
      ending.abort(new Error('closed'));
      trial.close();
      watch.close();
      await taking?.close();
    },
  };

  /** Whoever starts after it, and is not the new version, must not do the same at once. */
  function counted(handOver: UpdateTakingOptions['switchTo']): UpdateTakingOptions['switchTo'] {
    return async (offer, signal) => {
      await store.updateNotes.changeWait(offer.manifest, ({ handOversBegun = 0 }) => ({
        handOversBegun: handOversBegun + 1,
      }));
      return handOver(offer, signal);
    };
  }

  function startTaking(how: Pick<UpdateTakingOptions, 'begin' | 'prepare' | 'switchTo'>): UpdateTaking {
    const { window, pauseUntil, deferHoursMax } = config.update;
    return startUpdateTaking({
      watch,
      ...how,
      notes: store.updateNotes,
      link: bus.link,
      commands: parts.dispatcher,
      jitterMs: () => fleet.effective.value.targetVersionJitterMs,
      window: window === null ? null : parseDailyWindow(window),
      pauseUntilMs: pauseUntil === null ? 0 : (momentMs(pauseUntil) ?? 0),
      deferHoursMax,
      failures: program.failedSwitches,
      clock,
      timeline: store.timeline,
      log,
    });
  }
}
