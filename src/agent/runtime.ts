/**
 * The composition root: makes every part, hands each what it needs, and stops them in reverse. Parts never call one
 * another; they meet in the store and are nudged from here (design §1).
 */
import type { AgentState } from '../shared/states.ts';
import { systemClock } from './base/clock.ts';
import { drop } from './base/drop.ts';
import { Lifecycle } from './base/lifecycle.ts';
import type { OpenLog } from './base/log-file.ts';
import { sleep } from './base/sleep.ts';
import { until, WatchedCell } from './base/watched.ts';
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
import { Titles } from './duties/titles.ts';
import { startUpdateWatch } from './duties/update-watch.ts';
import { FactsReader } from './gates/facts.ts';
import { Intake } from './intake/intake.ts';
import { Sources } from './intake/sources.ts';
import { ownAccount, signedInAccounts } from './os/accounts.ts';
import { readHardware } from './os/hardware/facts.ts';
import { PowerShellConversation } from './os/hardware/powershell.ts';
import { hostFacts } from './os/host-facts.ts';
import { lookForPendingRestart, startRestartPending } from './os/restart-pending.ts';
import { signedIn } from './os/sessions.ts';
import { Dispatcher } from './run/dispatcher.ts';
import { makeRunner } from './run/make-runner.ts';
import { Scripts } from './run/scripts.ts';
import { Slots } from './run/slots.ts';
import { Shipper } from './ship/shipper.ts';
import { type StatusParts, statusPorts } from './status-ports.ts';
import type { Store } from './store/store.ts';
import { takeOver } from './store/takeover.ts';

/** Below the host's patience; what is not delivered by then goes out after the next start. */
const SHIP_AT_STOP_MS = 5_000;
const FORCE_AFTER_GRACE_MS = 15_000;
const DRAIN_GRACE_MS = 60_000;
/** The tray does not wait longer than this for its socket, whether there is a broker or not. */
const SERVE_WITHIN_MS = 250;
/** From the connection to the heartbeat on it. */
const HEARTBEAT_GOES_MS = 20;

export interface RuntimeOptions {
  readonly config: BootConfig;
  readonly store: Store;
  /** An older copy of the store was put back: what is open in it must not run. */
  readonly oldCopy: boolean;
  /** The process before us did not close the store. */
  readonly unclean: boolean;
  readonly version: string;
  readonly log: OpenLog;
  /** Known to the process that started us; null: nobody is our host. */
  readonly hostSecret: Uint8Array | null;
}

export interface Runtime {
  /** No new work; running scripts get `graceMs`, every end is stored, then everything stops. */
  stop(graceMs?: number): Promise<void>;
  /** The same, to be started again at once by the caller. */
  restart(): void;
  /** Resolves when it has stopped, whoever asked for it. */
  readonly stopped: Promise<'stop' | 'restart'>;
}

export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { config, store, version } = options;
  const log = options.log.logger;
  const clock = systemClock;
  const pcId = config.agent.id;
  const life = new Lifecycle(log);
  life.add('store', () => store.close());
  store.start(options.unclean);

  // First of all what the fleet sees: that this PC is there.
  const bus = makeBus(options);
  life.add('bus', () => bus.close());
  const fleet = new Fleet({ pcId, bus, store, clock, log: log.child('fleet') });
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
  bus.link.watch(({ state }) => {
    if (state === 'connected') store.counters.bump('connects');
  });

  const shipper = new Shipper({
    outbox: store.outbox,
    bus,
    clock,
    log: log.child('ship'),
    drainPerSecond: config.results.drainPerSecond,
    onFailure: () => store.counters.bump('publish_failures'),
  });
  life.add('shipper', () => shipper.stop());
  const tails = new RecentTails();
  life.add('tails', () => tails.close());
  const facts = new FactsReader(
    { bus, mirror: store.mirror, clock, log: log.child('gates') },
    {
      scriptsEnabled: () => config.commands.enabled,
      uncheckedHonoursRevoke: config.commands.uncheckedHonoursRevoke,
    },
  );
  const slots = new Slots(() =>
    Math.min(config.run.maxParallel, fleet.effective.value.maxLocalConcurrent ?? Number.POSITIVE_INFINITY),
  );
  fleet.effective.watch(() => slots.serve());
  const scripts = new Scripts({
    makeRunner: () =>
      makeRunner({
        env: process.env,
        maxOutputBytes: config.output.maxBytes,
        belowNormalPriority: config.run.priority !== 'normal',
      }),
    platform: process.platform,
    sessions: signedIn(),
    trayUser: config.startedAs === 'tray' ? ownAccount() : null,
    systemAsUser: config.run.systemAsUser,
  });
  const dispatcher = new Dispatcher({
    pcId,
    store,
    bus,
    facts,
    scripts,
    slots,
    clock,
    log: log.child('run'),
    publishPinSkips: config.results.publishPinSkips,
    onQueued: () => shipper.nudge(),
    onStarted: (resultId, script) => tails.follow(resultId, script),
  });
  const titles = new Titles({ bus, runs: store.runs, clock, log: log.child('titles') });
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
    onAdmitted: (run, command) => {
      dispatcher.nudge();
      titles.admitted(run, command.id);
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

  // Each is added after what it needs, since they stop in reverse: first nothing new comes in, at last the store closes.
  life.add('fleet', () => fleet.close());
  life.add('delivery', () => shipper.drained(AbortSignal.timeout(SHIP_AT_STOP_MS)));
  let graceMs = config.run.graceMs;
  life.add('scripts', () => dispatcher.stop(graceMs));
  life.add('intake', () => {
    intake.close();
    sources.close();
  });

  const shell = new PowerShellConversation();
  const restart = startRestartPending({ look: lookForPendingRestart(shell), log: log.child('os') });
  const update = startUpdateWatch({ bus, config: fleet.effective, installed: version, host, log: log.child('update') });
  const { pathTemplate, keepDays } = { pathTemplate: config.log.path, keepDays: config.log.keepDays };
  const duties: { close(): void }[] = [
    shell,
    restart,
    update,
    startPing({ pcId, bus, body }),
    startLogsFetch({ pcId, bus, pathTemplate, keepDays, log: log.child('logs') }),
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

  const agent = new WatchedCell<StatusParts['cells']['agent']['value']>({
    state: 'starting',
    sinceMs: clock.nowMs(),
    faults: [],
  });
  const setState = (state: AgentState) => agent.set({ state, sinceMs: clock.nowMs(), faults: [] });
  const stopped = Promise.withResolvers<'stop' | 'restart'>();
  const stop = async (askedMs = config.run.graceMs, end: 'stop' | 'restart' = 'stop'): Promise<void> => {
    if (agent.value.state !== 'draining') {
      graceMs = askedMs;
      setState('draining');
      log.info('stopping', { grace_ms: graceMs });
      void life.stop(graceMs + FORCE_AFTER_GRACE_MS).then(() => stopped.resolve(end));
    }
    await stopped.promise;
  };

  const parts: StatusParts = {
    config,
    store,
    bus,
    fleet,
    tails,
    shipper,
    host,
    version,
    clock,
    log: options.log,
    cells: { agent, update: update.status, restartRequired: restart.pending, secondAgentSeen },
    drain: () => void stop(DRAIN_GRACE_MS),
    stop: () => void stop(),
  };

  if (store.admits) {
    await takeOver(config.directories.data, store, clock.nowMs(), log.child('takeover'));
    await dispatcher.recover(options.oldCopy);
  }
  shipper.start();
  dispatcher.nudge();
  fleet.start();
  sources.start();
  life.running();
  setState('running');
  // The native code that starts scripts, and the local socket, are loaded once the fleet has seen us.
  const seen = firstHeartbeat(bus);
  drop(
    seen.then(() => scripts.warm()),
    log,
    'loading native code',
  );
  drop(
    seen.then(() => serve(parts, options, life)),
    log,
    'serving the local socket',
  );
  return { stop: (ms) => stop(ms), restart: () => void stop(0, 'restart'), stopped: stopped.promise };
}

/** Resolves when the first heartbeat has gone out, soon in any case: the tray is served without a broker too. */
async function firstHeartbeat(bus: Bus): Promise<void> {
  const soon = AbortSignal.timeout(SERVE_WITHIN_MS);
  await until(bus.link, ({ state }) => state === 'connected', soon).catch(() => {});
  await sleep(HEARTBEAT_GOES_MS);
}

/** The local socket, for tray, window and command line. Loaded late: nobody in the fleet waits for it. */
async function serve(parts: StatusParts, { config, hostSecret }: RuntimeOptions, life: Lifecycle): Promise<void> {
  const [{ serveStatus }, { endpointGuard }] = await Promise.all([
    import('./status/serve.ts'),
    import('./os/endpoint-acl.ts'),
  ]);
  const accounts = signedInAccounts(parts.log.logger.child('os'));
  life.add('accounts', () => accounts.close());
  const serving = await serveStatus({
    ports: statusPorts(parts),
    directory: config.directories.own,
    guard: await endpointGuard(),
    accounts: accounts.accounts,
    hostSecret,
    env: process.env,
    runDirectory: '/run',
  });
  if (serving.kind === 'failed') {
    parts.log.logger.error('the local socket can not be served', { why: serving.why });
    return;
  }
  life.add('status', () => serving.server.close());
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
