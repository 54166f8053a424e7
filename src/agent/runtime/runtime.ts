/**
 * The composition root: makes every part, hands each what it needs, and stops them in reverse. Parts never call one
 * another; they meet in the store and are nudged from here (architecture §1).
 */
import { systemClock } from '../../base/clock.ts';
import { ClockWatch } from '../../base/clock-watch.ts';
import type { CurrentVersion } from '../../base/current-version.ts';
import { drop } from '../../base/drop.ts';
import { HeapLimit } from '../../base/heap-limit.ts';
import { Lifecycle } from '../../base/lifecycle.ts';
import type { OpenLog } from '../../base/log-file.ts';
import { errorText } from '../../base/logger.ts';
import { untilDone } from '../../base/retry.ts';
import { orAbort } from '../../base/waiting.ts';
import { until, WatchedCell } from '../../base/watched.ts';
import { ZoneWatch } from '../../base/zone-watch.ts';
import { hostFacts } from '../../platform/host-facts.ts';
import { stayAwake } from '../../platform/stay-awake.ts';
import { systemJournal } from '../../platform/system-journal.ts';
import { trimMemory } from '../../platform/trim-memory.ts';
import { distrustPath } from '../../platform/trusted-path.ts';
import type { AgentState } from '../../shared/states.ts';
import type { Bus } from '../bus/bus.ts';
import type { BootConfig } from '../config/boot-config.ts';
import { Fleet } from '../config/fleet.ts';
import { startHeartbeat } from '../duties/heartbeat.ts';
import { HeartbeatBody } from '../duties/heartbeat-body.ts';
import { startLastContact } from '../duties/last-contact.ts';
import { startLinkHistory } from '../duties/link-history.ts';
import { RecentTails } from '../duties/recent-tails.ts';
import { SignatureEvents } from '../duties/signature-events.ts';
import { startSystemEvents } from '../duties/system-events.ts';
import { takeOver } from '../results/takeover.ts';
import type { Store } from '../store/store.ts';
import { makeCommandPath } from './command-path.ts';
import { startLocalSchedules } from './local-schedules.ts';
import { fleetHasSeenUs, LocalSocket } from './local-socket.ts';
import { makeBus } from './make-bus.ts';
import { makeVerifier } from './make-verifier.ts';
import type { OwnProgram } from './self-update.ts';
import { Settling } from './settle.ts';
import { startDuties } from './start-duties.ts';
import type { StatusParts } from './status-ports.ts';
import { onStopRequest } from './stop-requests.ts';
import { deliverAtStop, type StopEnd, Stopping } from './stopping.ts';
import { readPin } from './update-pin.ts';

const DRAIN_GRACE_MS = 60_000;

export interface RuntimeOptions {
  readonly config: BootConfig;
  readonly store: Store;
  /** An older copy of the store was put back: what is open in it must not run. */
  readonly oldCopy: boolean;
  /** The process before us did not close the store. */
  readonly unclean: boolean;
  /** Executions that IT wants stopped, which the store before could not note. */
  readonly kills: readonly string[];
  readonly version: string;
  readonly program: OwnProgram;
  readonly log: OpenLog;
  /** Known to the process that started us; null: nobody is our host. */
  readonly hostSecret: Uint8Array | null;
}

/** Stops when the process is asked to, or over its local socket: no new work, every end is stored, then everything stops. */
export interface Runtime {
  /** Stops, to be started again at once by the caller; running scripts get `graceMs`, none without. */
  restart(graceMs?: number): void;
  /** Resolves when it has stopped, whoever asked for it. */
  readonly stopped: Promise<StopEnd>;
  /** For the next one, see `RuntimeOptions.kills`. */
  unrecordedKills(): readonly string[];
  /** After it has stopped for an update: what is to count then; null: this start has failed. */
  readonly next: CurrentVersion | null;
}

export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { config, store, version } = options;
  const log = options.log.logger;
  const clock = systemClock;
  const pcId = config.agent.id;
  const pin = await readPin(config.update.keysFile, config.startedAs, log.child('update'));
  const life = new Lifecycle(log);
  life.add('store', () => store.close());
  // Of what stops it is the last but the store, from which it is read.
  const socket = new LocalSocket();
  life.add('local socket', () => socket.close());
  // It still reads of the store; everything else has ended by then, and has not waited for it.
  life.add('update', () => duties.updateEnds());

  // First of all what the fleet sees: that this PC is there.
  const bus = makeBus(config, log.child('bus'));
  store.start({ unclean: options.unclean, serverNowMs: () => bus.serverNowMs() });
  life.add('bus', () => bus.close());
  const heap = new HeapLimit(trimMemory);
  heap.starting();
  store.commits.watch(() => heap.check());
  const fleet = new Fleet({ pcId, bus, store, clock, log: log.child('fleet') });
  const host = hostFacts();
  const signatureEvents = new SignatureEvents({
    pcId,
    outbox: store.outbox,
    admits: () => store.admits,
    nudge: () => shipper.nudge(),
    onLeftOut: (count) => store.counters.bump('signature_events_left_out', count),
    clock,
    log: log.child('signing'),
  });
  life.add('signature events', () => signatureEvents.close());
  const verifier = makeVerifier({ config, store, log: log.child('signing') }, signatureEvents);
  const signing = () => {
    verifier.refresh();
    return verifier.view();
  };
  const body = new HeartbeatBody({ pcId, agentVersion: version, host, clock, signing });
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
  const clockWatch = new ClockWatch(clock, log.child('clock'));
  life.add('clock', () => clockWatch.close());
  const zone = new ZoneWatch(log.child('clock'));
  life.add('time zone', () => zone.close());
  bus.link.watch(({ state }) => {
    if (state === 'connected') store.counters.bump('connects');
  });

  // Only a service speaks for the whole PC.
  const awake = config.startedAs === 'service' ? stayAwake() : null;
  if (awake !== null) life.add('stay awake', () => awake.close());
  const events = startJournal(options, bus);
  if (events !== null) life.add('system journal', () => events.close());
  const tails = new RecentTails();
  life.add('tails', () => tails.close());
  const { shipper, scripts, dispatcher, intake, subscriptions } = makeCommandPath({
    config,
    store,
    bus,
    fleet,
    tails,
    verifier,
    clock,
    log,
    stayAwake: awake,
    onBound: () => drop(settling.consumerBound(ending.signal), log, 'looking at the consumer'),
    onOlderCopy: () => settling.olderCopy(),
    onForeignConsumer: onSecondAgent,
  });
  life.add('kills', () => subscriptions.closeKills());
  life.add('shipper', () => shipper.stop());
  const ending = new AbortController();
  const settling = new Settling({
    store,
    scripts,
    dispatcher,
    bus,
    clock,
    oldCopy: options.oldCopy,
    log: log.child('run'),
  });
  const contact = startLastContact({ bus, lastContact: store.lastContact, log: log.child('bus') });
  life.add('last contact', () => contact.close());
  const linkHistory = startLinkHistory({ link: bus.link, states: store.linkStates, clock, log: log.child('bus') });
  life.add('link history', () => linkHistory.close());

  // Each is added after what it needs, since they stop in reverse: first nothing new comes in, at last the store closes.
  life.add('fleet', () => fleet.close());
  life.add('delivery', () => deliverAtStop(bus.link, (signal) => shipper.drained(signal)));
  const stopping = new Stopping({
    life,
    endScripts: (graceMs) => dispatcher.stop(graceMs),
    onBegin: () => setState('draining'),
    log,
  });
  life.add('scripts', () => stopping.endScripts());
  life.add('shells that wait', () => scripts.close());
  life.add('intake', () => {
    ending.abort(new Error('stopping'));
    intake.close();
    subscriptions.close();
  });

  const path = { dispatcher, shipper };
  const schedules = startLocalSchedules({ config, store, bus, fleet, path, zone, clock, log });
  life.add('schedules', () => schedules.close());
  let next: CurrentVersion | null = null;
  const endFor = (current: CurrentVersion | null) => {
    next = current;
    stopping.ask(DRAIN_GRACE_MS, 'update');
  };
  const { program } = options;
  const shared = { config, store, bus, fleet, tails, shipper, body, host, version, program, pin, dispatcher, endFor };
  const duties = startDuties({ ...shared, clock, log });
  life.add('duties', () => duties.close());

  const agent = new WatchedCell<StatusParts['cells']['agent']['value']>({
    state: 'starting',
    sinceMs: clock.nowMs(),
    problems: [],
  });
  const setState = (state: AgentState) => agent.set({ state, sinceMs: clock.nowMs(), problems: [] });
  // From here on: what is done below may wait for a disk for long.
  const listening = onStopRequest((graceMs) => stopping.ask(Math.min(config.run.graceMs, graceMs ?? Infinity)));
  const runtime: Runtime = {
    unrecordedKills: () => dispatcher.unrecordedKills,
    get next() {
      return next;
    },
    restart: (graceMs = 0) => stopping.ask(graceMs, 'restart'),
    stopped: stopping.stopped.then((end) => {
      // At the end of the process another signal changes nothing; the next runtime has ears of its own.
      if (end !== 'stop') listening();
      return end;
    }),
  };

  const parts: StatusParts = {
    config,
    store,
    bus,
    fleet,
    tails,
    shipper,
    host,
    hardware: duties.hardware,
    linkHistory,
    logView: duties.logView,
    schedules,
    verifier,
    version,
    clock,
    clockWatch,
    log: options.log,
    cells: { agent, update: duties.update, restartRequired: duties.restartPending, secondAgentSeen },
    scheduleUpdate: duties.scheduleUpdate,
    drain: () => stopping.ask(DRAIN_GRACE_MS),
    stop: () => stopping.ask(config.run.graceMs),
  };

  shipper.start();
  fleet.start();
  const seen = fleetHasSeenUs(parts);
  const takenOver = Promise.withResolvers<void>();
  if (store.isUsable) drop(quietWhenAborted(onceWritable(), ending.signal), log, 'taking over');
  for (const execId of options.kills) drop(dispatcher.kill(execId), log, 'a kill');
  subscriptions.listenForKills();
  // Without its store nobody knows whether the PC is new, and a new one is not to catch up.
  if (store.isUsable || config.replay.firstEnrolment === 'catch-up') subscriptions.start();
  drop(quietWhenAborted(takeCommands(), ending.signal), log, 'taking commands');
  life.running();
  setState('running');
  /** What comes until then waits. */
  async function takeCommands(): Promise<void> {
    await seen;
    const knows = await untilDone(
      async () => !store.isUsable || store.knowsWhatItHasSeen(),
      ending.signal,
      (error) => {
        log.error('the ledger could not be read yet', { error: errorText(error) });
      },
    );
    // Else the damage is noted, and the next runtime goes on in a new store.
    if (!knows) return;
    intake.begin();
    if (!store.isUsable) return;
    // What the original has done here counts, so nothing is fired before it is known.
    drop(
      orAbort(takenOver.promise, ending.signal).then(
        () => schedules.begin(),
        () => {},
      ),
      log,
      'firing schedules',
    );
    await settling.run(ending.signal);
  }
  /** What needs room on the disk waits for it. */
  async function onceWritable(): Promise<void> {
    await seen;
    const work = async () => {
      await until(store.state, () => store.isWritable, ending.signal);
      await takeOver(config.directories.data, store, clock.nowMs(), distrustPath, log.child('takeover'));
      takenOver.resolve();
      await store.versions.onTheAir(version, clock.nowMs());
    };
    // The disk may fill meanwhile.
    await untilDone(work, ending.signal, (error) => {
      log.warn('taking over is tried again', { error: errorText(error) });
    });
    shipper.nudge();
  }
  // The native code that starts scripts, and the local socket, are loaded once the fleet has seen us.
  const warm = seen.then(() => scripts.warm());
  drop(warm, log, 'loading native code');
  const serving = seen.then(() => socket.open(parts, options.hostSecret));
  drop(serving, log, 'serving the local socket');
  return runtime;
}

/** Our own stop is no failure. */
async function quietWhenAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** null: nobody reads one here. */
function startJournal({ config, store, version }: RuntimeOptions, bus: Bus): { close(): void } | null {
  const journal = config.startedAs === 'service' ? systemJournal() : null;
  if (journal === null) return null;
  return startSystemEvents({
    journal,
    version,
    pcId: config.agent.id,
    link: bus.link,
    history: store.history,
    onEnded: (listener) => store.runs.onEnded(listener),
    onUndone: (listener) => store.updateNotes.onUndone(listener),
    hidesNames: config.ui.hideCommandNames,
  });
}
