/** What the status server reads of the running agent; part of the composition root. */
import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { ClockWatch } from '../../base/clock-watch.ts';
import type { OpenLog } from '../../base/log-file.ts';
import type { Logger } from '../../base/logger.ts';
import { type Watched, WatchedCell } from '../../base/watched.ts';
import type { HostFacts } from '../../platform/host-facts.ts';
import type { AboutFacts } from '../../shared/about-view.ts';
import type { Setting } from '../../shared/contract.ts';
import type { SettingMeaning } from '../../shared/helpdesk-view.ts';
import type { RunId } from '../../shared/ids.ts';
import type { SchedulesSummary } from '../../shared/schedules-view.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import type { Bus } from '../bus/bus.ts';
import type { BootConfig, ShownSettings } from '../config/boot-config.ts';
import { effectiveSettings } from '../config/effective.ts';
import type { Fleet } from '../config/fleet.ts';
import { isCodeHash, verifyHelpdeskCode } from '../config/helpdesk-code.ts';
import { readLogo } from '../config/logo.ts';
import type { HardwareView } from '../duties/hardware-view.ts';
import type { LinkHistory } from '../duties/link-history.ts';
import type { LogView } from '../duties/log-view.ts';
import type { RecentTails } from '../duties/recent-tails.ts';
import type { FullScheduleRow } from '../schedules/view.ts';
import type { Shipper } from '../ship/shipper.ts';
import type { SigningView, Verifier } from '../signing/verifier.ts';
import type { ShowOutput, StatusCells, StatusPorts } from '../status/ports.ts';
import type { Store } from '../store/store.ts';
import { decodeAdmitted } from '../wire/envelope.ts';
import type { OutputTail } from '../wire/live-tail.ts';

const MIB = 1024 * 1024;

export interface StatusParts {
  readonly config: BootConfig;
  readonly store: Store;
  readonly bus: Bus;
  readonly fleet: Fleet;
  readonly tails: RecentTails;
  readonly shipper: Shipper;
  readonly host: HostFacts;
  readonly hardware: HardwareView;
  readonly linkHistory: Pick<LinkHistory, 'spans'>;
  readonly logView: Pick<LogView, 'end'>;
  readonly verifier: Pick<Verifier, 'view'>;
  readonly schedules: { rows(): readonly FullScheduleRow[]; readonly summary: Watched<SchedulesSummary> };
  readonly version: string;
  readonly clock: Clock;
  readonly clockWatch: Pick<ClockWatch, 'step'>;
  readonly log: OpenLog;
  readonly cells: Pick<StatusCells, 'agent' | 'update' | 'restartRequired' | 'secondAgentSeen'>;
  readonly scheduleUpdate: StatusPorts['scheduleUpdate'];
  readonly drain: () => void;
  readonly stop: () => void;
}

export function statusPorts(parts: StatusParts): StatusPorts {
  const { config, store, bus, fleet, clock } = parts;
  return {
    clock,
    log: parts.log.logger.child('status'),
    cells: {
      ...parts.cells,
      connection: connectionOf(bus),
      groups: fleet.groups,
      store: storeHealth(store),
      disk: store.room,
      forbidden: bus.forbidden,
      undelivered: parts.shipper.undelivered,
      clockStep: parts.clockWatch.step,
      logFailure: parts.log.failure,
      commits: store.commits,
      schedules: parts.schedules.summary,
    },
    history: store.history,
    command: (run) => commandOf(store, run),
    tail: (run) => tailOf(parts, run),
    outbox: {
      counts: () => store.outbox.counts(),
      resend: async (id, kind) => {
        const queued = await store.outbox.resend(id, kind);
        if (queued) parts.shipper.nudge();
        return queued;
      },
      resendAll: async () => {
        const resent = await store.outbox.resendAll();
        if (resent > 0) parts.shipper.nudge();
        return resent;
      },
      stuck: (limit) => store.outbox.stuck(limit),
    },
    failures: store.failures,
    linkSpans: (fromMs, limit) => parts.linkHistory.spans(fromMs, limit),
    logEnd: () => parts.logView.end(),
    counters: store.counters,
    audit: store.audit,
    identity: () => ({
      pcId: config.agent.id,
      hostname: parts.host.hostname,
      agentVersion: parts.version,
      hosting: config.startedAs,
    }),
    showOutput: () => config.ui.showOutputToUsers as ShowOutput,
    helpdeskCode: {
      isSet: () => config.helpdesk.codeHash !== null && isCodeHash(config.helpdesk.codeHash),
      matches: async (code) => config.helpdesk.codeHash !== null && verifyHelpdeskCode(code, config.helpdesk.codeHash),
    },
    ...configPorts(config, parts.log.logger.child('status')),
    about: () => aboutOf(config, parts.verifier.view()),
    schedules: () => parts.schedules.rows(),
    support: async () => ({ ...config.support, hardware: await parts.hardware.view() }),
    versions: (limit) => store.versions.list(limit),
    undone: () => store.updateNotes.undone.filter(({ why }) => why === 'did_not_start'),
    scheduleUpdate: parts.scheduleUpdate,
    settings: () => [...effectiveSettings(config), ...fleetSettings(fleet)],
    drain: parts.drain,
    stop: parts.stop,
    setLogLevel: (level) => parts.log.setLevel(level),
  };
}

/** What is known from the settings alone. */
export function configPorts(
  config: BootConfig,
  log: Logger,
): Pick<StatusPorts, 'settings' | 'support' | 'about' | 'ui'> {
  return {
    settings: () => effectiveSettings(config),
    support: () => ({ ...config.support, hardware: null }),
    about: () => aboutOf(config, { mode: config.commands.signatures, keys: [], problem: null }),
    ui: uiSettings({ ...config, languageLocked: config.settings['ui.language'].locked }, log),
  };
}

/** The same where the rest of the settings is of no use: what may have been said and can't be read is not known. */
export function shownPorts(shown: ShownSettings | null, log: Logger): ReturnType<typeof configPorts> {
  const hasContact = shown !== null && Object.values(shown.support).some((line) => line !== null);
  const support = shown !== null && (shown.complete || hasContact) ? { ...shown.support, hardware: null } : null;
  return {
    settings: () => [],
    support: () => support,
    about: () => null,
    ui: shown?.complete ? uiSettings(shown, log) : () => null,
  };
}

/** The logo is read once: a picture that changes is no reason to read a file at each opening of the window. */
function uiSettings(shownSettings: Omit<ShownSettings, 'pcId' | 'complete'>, log: Logger): StatusPorts['ui'] {
  const { brand, ui, startedAs, languageLocked } = shownSettings;
  const logo = brand.logoPath === null ? null : readLogo(brand.logoPath, startedAs);
  if (logo?.ok === false) log.warn('the logo can not be used', { file: brand.logoPath, why: logo.why });
  const shown = {
    ...ui,
    brandName: brand.name,
    itName: brand.itName,
    logo: logo?.ok ? logo.dataUrl : null,
    languageLocked,
  };
  return () => shown;
}

function tailOf({ store, tails }: StatusParts, run: RunId): OutputTail | undefined {
  const resultId = store.history.get(run)?.resultId;
  return typeof resultId === 'string' ? tails.tail(resultId) : undefined;
}

/** What the fleet's layers say, each value with the layer that it comes from. */
function fleetSettings(fleet: Fleet): Setting[] {
  return fleet.settings().map(({ key, value, isMs, layer }) => ({
    key: `fleet.${key}`,
    value: isMs ? `${value} ms` : value,
    source: layer === null ? 'built-in' : 'fleet',
    place: layer === null ? null : `agent_config ${layer}`,
    locked: false,
    about: null,
    means: fleetMeaning(value, isMs),
    builtIn: { kind: 'none' },
    changed: layer !== null,
  }));
}

function fleetMeaning(value: string | number | boolean | null, isMs: boolean): SettingMeaning {
  if (value === null) return { kind: 'none' };
  if (typeof value === 'boolean') return { kind: 'switch', on: value };
  if (typeof value === 'number') return { kind: 'amount', amount: value, unit: isMs ? 'ms' : 'scripts' };
  return { kind: 'text', text: value };
}

function aboutOf(config: BootConfig, signing: SigningView): AboutFacts {
  const tray = config.startedAs === 'tray';
  const asSystem = tray ? (config.run.systemAsUser ? 'as_you' : 'no') : 'system';
  return {
    scripts: config.commands.enabled,
    runAsSystem: asSystem,
    runAsUser: tray || process.platform === 'win32',
    readLog: config.log.keepDays > 0,
    signatures: signing.mode,
    commandKeys: signing.keys.map(({ kid, label, fingerprint, maxAgeMs }) => ({
      kid,
      label,
      fingerprint,
      maxAgeSecs: maxAgeMs === null ? null : Number(maxAgeMs / 1_000n),
    })),
    commandKeysFault: signing.problem !== null,
    inventory: config.inventory.enabled,
    priority: config.run.priority,
    maxParallel: config.run.maxParallel,
    namesHidden: config.ui.hideCommandNames,
    outputShown: config.ui.showOutputToUsers,
    data: {
      directory: config.directories.agentDir,
      historyDays: config.history.days,
      historyMaxMib: config.history.maxBytes / MIB,
      logDirectory: config.log.keepDays === 0 ? null : dirname(config.log.path),
      logDays: config.log.keepDays,
    },
  };
}

function commandOf(store: Store, run: RunId) {
  const body = store.history.command(run);
  if (body === undefined) return undefined;
  const decoded = decodeAdmitted(body);
  if (!decoded.ok) return { script: null, deadlineAtMs: null };
  const { script, deadlineAtNs } = decoded.command;
  return { script, deadlineAtMs: deadlineAtNs === null ? null : Number(deadlineAtNs / NS_PER_MS) };
}

/** The link with the last round trip as of now: that changes all the time, and nobody is told each time. */
function connectionOf(bus: Bus): StatusCells['connection'] {
  return {
    get value() {
      return { ...bus.link.value, lastGoodAtMs: bus.lastGoodAtMs() };
    },
    watch: (listener) => bus.link.watch(listener),
  };
}

function storeHealth(store: Store): StatusCells['store'] {
  const health = (): StatusCells['store']['value'] => ({
    state: store.state.value === 'ok' && store.quarantined ? 'quarantined' : store.state.value,
    readable: store.isUsable,
  });
  const cell = new WatchedCell(health());
  store.state.watch(() => cell.set(health()));
  return cell;
}
