/** Everything an agent does beside running commands, put together. Part of the composition root. */
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import type { Logger } from '../../base/logger.ts';
import type { Watched } from '../../base/watched.ts';
import { readHardware } from '../../platform/hardware/facts.ts';
import { PowerShellConversation } from '../../platform/hardware/powershell.ts';
import type { HostFacts } from '../../platform/host-facts.ts';
import { checkPendingRestart, startRestartPending } from '../../platform/restart-pending.ts';
import { sessionAccounts } from '../../platform/sessions.ts';
import { settleIcons } from '../../platform/windows/icon-settings.ts';
import { type TraySessions, windowsTraySessions } from '../../platform/windows/tray-sessions.ts';
import type { UpdateView } from '../../shared/agent-status.ts';
import { MAX_LOG_LINES } from '../../shared/helpdesk-limits.ts';
import type { Bus } from '../bus/bus.ts';
import type { BootConfig } from '../config/boot-config.ts';
import type { Fleet } from '../config/fleet.ts';
import { HardwareView } from '../duties/hardware-view.ts';
import type { HeartbeatBody } from '../duties/heartbeat-body.ts';
import { startInventory } from '../duties/inventory.ts';
import { startLiveTail } from '../duties/live-tail.ts';
import { LogView } from '../duties/log-view.ts';
import { startLogsFetch } from '../duties/logs-fetch.ts';
import { startPing } from '../duties/ping.ts';
import type { RecentTails } from '../duties/recent-tails.ts';
import { TraySupervisor } from '../duties/tray-supervisor.ts';
import type { Shipper } from '../ship/shipper.ts';
import type { Store } from '../store/store.ts';
import { type SelfUpdate, type SelfUpdateParts, startSelfUpdate } from './self-update.ts';
import { onSessionChange } from './stop-requests.ts';

export interface DutiesParts extends Pick<SelfUpdateParts, 'program' | 'pin' | 'dispatcher' | 'endFor'> {
  readonly config: BootConfig;
  readonly store: Store;
  readonly bus: Bus;
  readonly fleet: Fleet;
  readonly tails: RecentTails;
  readonly shipper: Shipper;
  readonly body: HeartbeatBody;
  readonly host: HostFacts;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Duties {
  readonly update: Watched<UpdateView>;
  readonly scheduleUpdate: SelfUpdate['schedule'];
  readonly restartPending: Watched<boolean>;
  readonly hardware: HardwareView;
  readonly logView: LogView;
  /** Begins nothing more, also of an update. */
  close(): Promise<void>;
  /** Resolves once nothing of an update is done here any more: what is half there is large, and no script waits for its removal. */
  updateEnds(): Promise<void>;
}

/** `startUpdate`: another one for tests. */
export function startDuties(parts: DutiesParts, startUpdate = startSelfUpdate): Duties {
  const { config, store, bus, fleet, tails, shipper, body, host, version, clock, log } = parts;
  const { program, pin, dispatcher, endFor } = parts;
  const pcId = config.agent.id;
  const { path: pathTemplate, keepDays } = config.log;
  const shell = new PowerShellConversation();
  const restart = startRestartPending({ check: checkPendingRestart(shell), log: log.child('os') });
  const shared = { config, store, bus, fleet, host, version, program, pin, dispatcher, endFor };
  const update = startUpdate({ ...shared, clock, log });
  let ending: Promise<void> | null = null;
  const updateEnds = () => (ending ??= update.close());
  const hardware = new HardwareView({ read: (signal) => readHardware(shell, signal), clock, log: log.child('os') });
  const logView = new LogView({ pathTemplate, keepDays, maxLines: MAX_LOG_LINES });
  const duties: { close(): void | Promise<void> }[] = [
    logView,
    hardware,
    shell,
    restart,
    { close: () => drop(updateEnds(), log, 'ending what is done of an update') },
    startPing({ pcId, bus, body }),
    startLogsFetch({ pcId, bus, pathTemplate, keepDays, log: log.child('logs') }),
    startLiveTail({ pcId, bus, tails }),
    startInventory({
      pcId,
      hostname: host.hostname,
      bus,
      outbox: store.outbox,
      nudge: () => shipper.nudge(),
      enabled: config.inventory.enabled,
      admits: () => store.admits,
      config: fleet.effective,
      readHardware: (signal) => hardware.read(signal),
      clock,
      log: log.child('inventory'),
    }),
  ];
  duties.push(...keepTrays(parts));
  return {
    update: update.status,
    scheduleUpdate: update.schedule,
    hardware,
    logView,
    restartPending: restart.pending,
    updateEnds,
    async close() {
      await Promise.all(duties.map(async (duty) => duty.close()));
    },
  };
}

/** Nothing where the icon is not ours to keep: in tray mode it hosts the agent itself. */
function keepTrays({ config, clock, log }: DutiesParts): { close(): void }[] {
  const isOurs = process.platform === 'win32' && config.startedAs === 'service' && config.ui.showTray;
  const traySessions = isOurs ? windowsTraySessions() : null;
  if (traySessions === null) return [];
  const supervisor = new TraySupervisor({ traySessions, clock, log: log.child('trays'), onSessionChange });
  return [supervisor, settleTrayIcons(traySessions, config.ui.promoteTrayIcon, log.child('trays'))];
}

const SETTLE_ICONS_EVERY_MS = 60_000;

/** Windows notes an icon once it has been shown; so it is polled. */
function settleTrayIcons({ isTray }: Pick<TraySessions, 'isTray'>, promotes: boolean, log: Logger): { close(): void } {
  let settling = false;
  const settle = async () => {
    if (settling) return;
    settling = true;
    try {
      for (const sid of sessionAccounts()) await settleIcons(sid, isTray, promotes);
    } finally {
      settling = false;
    }
  };
  const timer = setInterval(() => drop(settle(), log, 'the places of the icons'), SETTLE_ICONS_EVERY_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
