/** The schedules that this PC fires itself, put together. Part of the composition root. */
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import { orAbort } from '../../base/waiting.ts';
import type { Watched } from '../../base/watched.ts';
import type { ZoneWatch } from '../../base/zone-watch.ts';
import { AddressWatch } from '../../platform/address-watch.ts';
import { conditionsHere } from '../../platform/conditions/here.ts';
import type { Conditions } from '../../platform/conditions/types.ts';
import { CpuLoad } from '../../platform/cpu-load.ts';
import { firstLine } from '../../shared/run-title.ts';
import type { SchedulesSummary } from '../../shared/schedules-view.ts';
import type { Bus } from '../bus/bus.ts';
import type { BootConfig } from '../config/boot-config.ts';
import type { Fleet } from '../config/fleet.ts';
import { Book } from '../schedules/book.ts';
import { machineZone } from '../schedules/local-day.ts';
import { Refusals } from '../schedules/refusals.ts';
import { Scheduler } from '../schedules/scheduler.ts';
import type { Conditions as Found, Requirements } from '../schedules/types.ts';
import { type FullScheduleRow, scheduleRows, schedulesSummary, type ViewParts } from '../schedules/view.ts';
import type { Store } from '../store/store.ts';
import type { Trigger } from '../wire/schedule.ts';
import type { CommandPath } from './command-path.ts';
import { onSessionChange, type SessionEvent } from './stop-requests.ts';

export interface LocalSchedulesParts {
  readonly config: BootConfig;
  readonly store: Store;
  readonly bus: Bus;
  readonly fleet: Fleet;
  readonly path: Pick<CommandPath, 'dispatcher' | 'shipper'>;
  readonly zone: Pick<ZoneWatch, 'check' | 'offsets'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface LocalSchedules {
  /** From here on what is due is fired: what the original has done here is known, and so is what we have. */
  begin(): void;
  rows(): readonly FullScheduleRow[];
  /** Reckoned when somebody asks. */
  readonly summary: Watched<SchedulesSummary>;
  close(): void;
}

/** Of the events of a session, those that a schedule can name. */
const SESSION_TRIGGERS = ['logon', 'lock', 'unlock'] as const satisfies readonly (SessionEvent & Trigger)[];

export function startLocalSchedules(parts: LocalSchedulesParts): LocalSchedules {
  const { config, store, bus, fleet, path, clock } = parts;
  const log = parts.log.child('schedules');
  const cpu = new CpuLoad();
  const here = askedOnce(conditionsHere(config.startedAs === 'service'), clock);
  const hearsSessions = process.platform === 'win32' && config.startedAs === 'service';
  const base = { pcId: config.agent.id, store, serverNowMs: () => bus.serverNowMs(), clock, log };
  const book = new Book({
    bus,
    store,
    log,
    onChange: () => {
      scheduler.refresh();
      addresses.want(wantsAddresses(book));
    },
    onJob: (id) => scheduler.jobChanged(id),
    onReload: () => scheduler.reloaded(),
  });
  const scheduler: Scheduler = new Scheduler({
    ...base,
    book,
    groups: () => fleet.lastKnownGroups(),
    scriptsEnabled: () => config.commands.enabled,
    cpuPercent: () => cpu.percent(),
    zone: machineZone,
    checkZone: () => parts.zone.check(),
    senses: {
      triggers: new Set<Trigger>(hearsSessions ? [...SESSION_TRIGGERS, 'network_change'] : ['network_change']),
      conditions: here.tells,
    },
    conditions: (require) => readConditions(here, require),
    refusals: new Refusals({
      ...base,
      platform: process.platform,
      maxPayloadBytes: () => bus.link.value.maxPayloadBytes,
      onQueued: () => path.shipper.nudge(),
    }),
    onAdmitted: (run, _command, description) => {
      path.dispatcher.nudge();
      const title = firstLine(description ?? '');
      if (title !== '') drop(store.runs.setTitle(run, title), log, 'noting a title');
    },
  });
  const addresses = new AddressWatch({
    onChange: () => drop(scheduler.occurred('network_change'), log, 'firing for an event'),
  });
  addresses.want(wantsAddresses(book));
  book.start();
  const stopGroups = fleet.groups.watch(() => scheduler.refresh());
  const stopZone = parts.zone.offsets.watch(() => scheduler.zoneChanged());
  const stopSessions = onSessionChange((event) => {
    const trigger = SESSION_TRIGGERS.find((each) => each === event);
    if (trigger !== undefined) drop(scheduler.occurred(trigger), log, 'firing for an event');
  });
  const view: ViewParts = {
    book,
    scheduler,
    store,
    zone: machineZone,
    nowMs: () => clock.nowMs(),
    platform: process.platform,
  };
  return {
    begin: () => scheduler.begin(),
    rows: () => scheduleRows(view),
    summary: readAtChanges(scheduler.changes, () => schedulesSummary(view), log),
    close() {
      stopGroups();
      stopZone();
      stopSessions();
      addresses.close();
      scheduler.close();
      book.close();
    },
  };
}

/**
 * What is read from the store whenever it is asked for, and told once for all changes of one turn: some hundred schedules change in
 * one when all are due at nine o'clock. What can't be read at present is told later.
 */
export function readAtChanges<T>(changes: Watched<unknown>, read: () => T, log: Logger): Watched<T> {
  return {
    get value() {
      return read();
    },
    watch: (listener) => {
      let soon: NodeJS.Immediate | undefined;
      let later: NodeJS.Timeout | undefined;
      const tell = () => {
        soon = undefined;
        const told = tryRead(read, log);
        if (told !== null) return listener(told.value);
        clearTimeout(later);
        later = setTimeout(tell, STORE_RETRY_MS).unref();
      };
      const stop = changes.watch(() => {
        soon ??= setImmediate(tell);
      });
      return () => {
        stop();
        clearImmediate(soon);
        clearTimeout(later);
      };
    },
  };
}

function tryRead<T>(read: () => T, log: Logger): { readonly value: T } | null {
  try {
    return { value: read() };
  } catch (error) {
    log.warn('what is to be shown of the schedules could not be read', { error: errorText(error) });
    return null;
  }
}

function wantsAddresses({ entries }: Book): boolean {
  return [...entries.values()].some(({ read }) => read.ok && read.plan.triggers.includes('network_change'));
}

/** Less than after which a time is missed. */
const TELLS_WITHIN_MS = 5_000;
/** So many schedules may require the same at the same time, and some of it takes a process of its own. */
const GOOD_FOR_MS = 5_000;

/** The same, asked at most once in {@link GOOD_FOR_MS}. */
export function askedOnce(here: Conditions, clock: Pick<Clock, 'monotonicMs'>): Conditions {
  const once = <T>(ask: () => Promise<T>) => {
    let asked: { readonly atMs: number; readonly answer: Promise<T> } | null = null;
    return () => {
      const nowMs = clock.monotonicMs();
      if (asked === null || nowMs - asked.atMs > GOOD_FOR_MS) asked = { atMs: nowMs, answer: ask() };
      return asked.answer;
    };
  };
  return {
    tells: here.tells,
    acPower: once(() => here.acPower()),
    idleMs: once(() => here.idleMs()),
    network: once(() => here.network()),
  };
}

/** Only what is required is asked for: some of it takes a process of its own. What is not told in time is not known. */
export async function readConditions(
  here: Pick<Conditions, 'acPower' | 'idleMs' | 'network'>,
  { acPower, idleMs, network }: Requirements,
  withinMs = TELLS_WITHIN_MS,
): Promise<Found> {
  const late = AbortSignal.timeout(withinMs);
  const inTime = <T>(told: Promise<T | null>) => orAbort(told, late).catch(() => null);
  const [power, idle, net] = await Promise.all([
    acPower ? inTime(here.acPower()) : null,
    idleMs === null ? null : inTime(here.idleMs()),
    network ? inTime(here.network()) : null,
  ]);
  return { acPower: power, idleMs: idle, network: net };
}
