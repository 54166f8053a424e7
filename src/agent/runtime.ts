/**
 * The composition root: makes every part, hands each what it needs, and stops them in reverse. Parts never call one
 * another; they meet in the store and are nudged from here (design §1).
 */
import { join } from 'node:path';
import type { AgentState } from '../shared/states.ts';
import { systemClock } from './base/clock.ts';
import { drop } from './base/drop.ts';
import { Lifecycle } from './base/lifecycle.ts';
import type { OpenLog } from './base/log-file.ts';
import { sleep } from './base/sleep.ts';
import { WatchedCell } from './base/watched.ts';
import type { Bus } from './bus/bus.ts';
import { NatsBus } from './bus/nats-bus.ts';
import type { BootConfig } from './config/boot-config.ts';
import { readCredentials } from './config/credentials.ts';
import { Fleet } from './config/fleet.ts';
import { startHeartbeat } from './duties/heartbeat.ts';
import { HeartbeatBody } from './duties/heartbeat-body.ts';
import { startInventory } from './duties/inventory.ts';
import { startLiveTail } from './duties/live-tail.ts';
import { startLogsFetch } from './duties/logs-fetch.ts';
import { startPing } from './duties/ping.ts';
import { RecentTails } from './duties/recent-tails.ts';
import { startUpdateWatch } from './duties/update-watch.ts';
import { FactsReader } from './gates/facts.ts';
import { Intake } from './intake/intake.ts';
import { Sources } from './intake/sources.ts';
import { readHardware } from './os/hardware/facts.ts';
import { PowerShellConversation } from './os/hardware/powershell.ts';
import { hostFacts } from './os/host-facts.ts';
import { lookForPendingRestart, startRestartPending } from './os/restart-pending.ts';
import { Dispatcher } from './run/dispatcher.ts';
import { makeScripts } from './run/scripts.ts';
import { Slots } from './run/slots.ts';
import { Shipper } from './ship/shipper.ts';
import { startStatus } from './status/start.ts';
import type { Store } from './store/store.ts';
import { takeOver } from './store/takeover.ts';

/** Below the host's patience; what is not delivered by then goes out after the next start. */
const SHIP_AT_STOP_MS = 5_000;
const FORCE_AFTER_GRACE_MS = 15_000;
const DRAIN_GRACE_MS = 60_000;

export interface RuntimeOptions {
  readonly config: BootConfig;
  readonly store: Store;
  readonly oldCopy: boolean;
  readonly version: string;
  readonly log: OpenLog;
  /** The host's secret for `agent.stop` and `agent.drain`; null: nobody is our host. */
  readonly hostSecret: string | null;
}

export interface Runtime {
  /** Stops everything: no new work, running scripts get their grace, every end is stored, then the rest. */
  stop(graceMs?: number): Promise<void>;
  /** Resolves when it has stopped, for whatever reason. */
  readonly stopped: Promise<void>;
}

export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { config, store, version } = options;
  const log = options.log.logger;
  const clock = systemClock;
  const pcId = config.agent.id;
  const life = new Lifecycle(log);
  const stopped = Promise.withResolvers<void>();
  const agentState = new WatchedCell<{ state: AgentState; sinceMs: number; faults: [] }>({
    state: 'starting',
    sinceMs: clock.nowMs(),
    faults: [],
  });
  const setState = (state: AgentState) => agentState.set({ state, sinceMs: clock.nowMs(), faults: [] });

  life.add('store', () => store.close());
  store.start();
  const bus = makeBus(options);
  life.add('bus', () => bus.close());
  const fleet = new Fleet({ pcId, bus, store, nowMs: clock.nowMs, log: log.child('fleet') });
  const host = hostFacts();
  const body = new HeartbeatBody({ pcId, agentVersion: version, host, clock });
  const secondAgentSeen = new WatchedCell(false);
  const onSecondAgent = () => {
    store.counters.bump('second_agent_sightings');
    secondAgentSeen.set(true);
  };
  const heartbeat = startHeartbeat({
    pcId,
    bus,
    body,
    config: fleet.effective,
    clock,
    log: log.child('heartbeat'),
    onSecondAgent,
  });
  life.add('heartbeat', () => heartbeat.close());
  bus.start();

  const shipper = new Shipper({
    outbox: store.outbox,
    bus,
    clock,
    log: log.child('ship'),
    drainPerSecond: config.results.drainPerSecond,
    onFailure: () => store.counters.bump('publish_failures'),
  });
  life.add('shipper', () => shipper.stop());

  const facts = new FactsReader(
    { bus, mirror: store.mirror, clock, log: log.child('gates') },
    {
      scriptsEnabled: () => config.commands.enabled,
      uncheckedHonoursRevoke: config.commands.uncheckedHonoursRevoke,
    },
  );
  const slots = new Slots(() => Math.min(config.run.maxParallel, fleet.effective.value.maxLocalConcurrent ?? Infinity));
  fleet.effective.watch(() => slots.serve());
  const tails = new RecentTails();
  life.add('tails', () => tails.close());
  const dispatcher = new Dispatcher({
    pcId,
    store,
    bus,
    facts,
    scripts: makeScripts({ config, clock, log: log.child('run') }),
    slots,
    clock,
    log: log.child('run'),
    publishPinSkips: config.results.publishPinSkips,
    onQueued: () => shipper.nudge(),
    onStarted: (resultId, script) => tails.follow(resultId, script),
  });
  let intakeOpen = false;
  const intake = new Intake({
    pcId,
    store,
    groups: fleet.groups,
    maxPayloadBytes: () => bus.link.value.maxPayloadBytes,
    clock,
    log: log.child('intake'),
    onArrival: (command) => {
      sources.arm(command);
      facts.prefetch(command.id);
    },
    onAdmitted: () => {
      if (intakeOpen) dispatcher.nudge();
    },
    onQueued: () => shipper.nudge(),
  });
  const sources = new Sources({
    pcId,
    bus,
    intake,
    groups: fleet.groups,
    firstEnrolment: config.replay.firstEnrolment,
    onKill: (execId) => drop(dispatcher.kill(execId), log, 'a kill'),
    onForeignConsumer: (owner) => {
      log.error('the durable consumer of this PC belongs to another one', { owner });
      onSecondAgent();
    },
    log: log.child('intake'),
  });

  const shell = new PowerShellConversation();
  life.add('facts shell', () => shell.close());
  const restart = startRestartPending({ look: lookForPendingRestart(shell), log: log.child('os') });
  life.add('restart watch', () => restart.close());
  const update = startUpdateWatch({ bus, config: fleet.effective, installed: version, host, log: log.child('update') });
  life.add('update watch', () => update.close());

  const stop = async (graceMs = config.run.graceMs) => {
    if (life.state.value === 'draining' || life.state.value === 'stopped') return stopped.promise;
    setState('draining');
    log.info('stopping', { grace_ms: graceMs });
    await life.stop(graceMs + FORCE_AFTER_GRACE_MS);
    stopped.resolve();
    return stopped.promise;
  };

  const status = await startStatus({
    config,
    store,
    bus,
    fleet,
    dispatcher,
    shipper,
    host,
    version,
    log: options.log,
    agentState,
    update: update.status,
    restartRequired: restart.pending,
    secondAgentSeen,
    hostSecret: options.hostSecret,
    drain: () => void stop(DRAIN_GRACE_MS),
    stop: () => void stop(),
  });
  life.add('status', () => status.close());

  if (store.admits) {
    await takeOver(config.directories.data, store, clock.nowMs(), log.child('takeover'));
    await dispatcher.recover(options.oldCopy);
  }
  shipper.start();
  intakeOpen = true;
  dispatcher.nudge();
  fleet.start();
  life.add('fleet', () => fleet.close());
  sources.start();
  life.add('delivery', async () => {
    await Promise.race([shipper.drained(AbortSignal.timeout(SHIP_AT_STOP_MS)), sleep(SHIP_AT_STOP_MS)]);
  });
  let graceMs = config.run.graceMs;
  life.add('scripts', () => dispatcher.stop(graceMs));
  life.add('intake', () => {
    intake.close();
    sources.close();
  });
  const duties = [
    startPing({ pcId, bus, body }),
    startLogsFetch({
      pcId,
      bus,
      pathTemplate: config.log.path,
      keepDays: config.log.keepDays,
      log: log.child('logs'),
    }),
    startLiveTail({ pcId, bus, tails }),
    startInventory({
      pcId,
      hostname: host.hostname,
      bus,
      outbox: store.outbox,
      nudge: () => shipper.nudge(),
      enabled: config.inventory.enabled && store.admits,
      config: fleet.effective,
      readHardware: (signal) => readHardware(shell, signal),
      clock,
      log: log.child('inventory'),
    }),
  ];
  life.add('duties', () => {
    for (const duty of duties) duty.close();
  });
  life.running();
  setState('running');
  return {
    stop: (ms) => {
      graceMs = ms ?? graceMs;
      return stop(ms);
    },
    stopped: stopped.promise,
  };
}

function makeBus({ config, log }: RuntimeOptions): Bus {
  return new NatsBus({
    pcId: config.agent.id,
    servers: config.agent.servers.map((url) => new URL(url)),
    credentials: () => {
      const read = readCredentials(config, process.env);
      return read.ok ? read.credentials : read.error;
    },
    tls: config.tls,
    clock: systemClock,
    log: log.logger.child('bus'),
  });
}

/** Where our own files lie beside those of the original. */
export function storeDirectory(config: BootConfig): string {
  return join(config.directories.data, 'kanade-tray');
}
