/** The way of a command through the agent, put together: intake, gates, dispatcher, shipper. Part of the composition root. */
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import type { Logger } from '../../base/logger.ts';
import { ownAccount } from '../../platform/accounts.ts';
import type { Priority } from '../../platform/priority.ts';
import { signedIn } from '../../platform/sessions.ts';
import type { StayAwake } from '../../platform/stay-awake.ts';
import type { Bus } from '../bus/bus.ts';
import type { BootConfig } from '../config/boot-config.ts';
import type { Fleet } from '../config/fleet.ts';
import type { RecentTails } from '../duties/recent-tails.ts';
import { Titles } from '../duties/titles.ts';
import { FactsReader } from '../gates/facts.ts';
import { CommandSubscriptions } from '../intake/command-subscriptions.ts';
import { Intake } from '../intake/intake.ts';
import { Dispatcher } from '../run/dispatcher.ts';
import { makeRunner } from '../run/make-runner.ts';
import { Scripts } from '../run/scripts.ts';
import { Slots } from '../run/slots.ts';
import { Shipper } from '../ship/shipper.ts';
import type { Store } from '../store/store.ts';

export interface CommandPathParts {
  readonly config: BootConfig;
  readonly store: Store;
  readonly bus: Bus;
  readonly fleet: Fleet;
  readonly tails: RecentTails;
  readonly clock: Clock;
  readonly log: Logger;
  readonly stayAwake: StayAwake | null;
  readonly onBound: () => void;
  /** See `CommandSubscriptions`. */
  readonly onOlderCopy: () => Promise<void>;
  /** The durable consumer of this PC belongs to another pc_id. */
  readonly onForeignConsumer: () => void;
}

export interface CommandPath {
  readonly shipper: Shipper;
  readonly scripts: Scripts;
  readonly dispatcher: Dispatcher;
  readonly intake: Intake;
  readonly subscriptions: CommandSubscriptions;
}

/** Makes the stages and hands each its nudge; starts nothing. */
export function makeCommandPath(parts: CommandPathParts): CommandPath {
  const { config, store, bus, fleet, tails, clock, log } = parts;
  const pcId = config.agent.id;
  const shipper = new Shipper({
    outbox: store.outbox,
    bus,
    clock,
    log: log.child('ship'),
    drainPerSecond: config.results.drainPerSecond,
    onFailure: () => store.counters.bump('publish_failures'),
  });
  const facts = new FactsReader(
    { bus, kvCache: store.kvCache, lastContact: store.lastContact, timeline: store.timeline, log: log.child('gates') },
    {
      scriptsEnabled: () => config.commands.enabled,
      uncheckedHonoursRevoke: config.commands.uncheckedHonoursRevoke,
    },
  );
  const slots = new Slots(() =>
    Math.min(config.run.maxParallel, fleet.effective.value.maxLocalConcurrent ?? Number.POSITIVE_INFINITY),
  );
  const scripts = new Scripts({
    makeRunner: () =>
      makeRunner({
        env: process.env,
        maxOutputBytes: config.output.maxBytes,
        priority: config.run.priority as Priority,
        warmShells: config.run.warmShells,
        allowColors: config.run.allowColors,
        directory: config.directories.agentDir,
        log: log.child('run'),
      }),
    platform: process.platform,
    sessions: signedIn(),
    trayUser: config.startedAs === 'tray' ? ownAccount() : null,
    systemAsUser: config.run.systemAsUser,
    directory: config.directories.agentDir,
    stayAwake: parts.stayAwake,
    log: log.child('run'),
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
  fleet.effective.watch(() => dispatcher.nudge());
  const titles = new Titles({ bus, runs: store.runs, clock, log: log.child('titles') });
  const intake = new Intake({
    pcId,
    store,
    groups: fleet.groups,
    maxPayloadBytes: () => bus.link.value.maxPayloadBytes,
    serverNowMs: () => bus.serverNowMs(),
    clock,
    log: log.child('intake'),
    onSeen: (command) => subscriptions.arm(command),
    onArrival: (command) => facts.prefetch(command.id),
    onAdmitted: (run, command) => {
      dispatcher.nudge();
      titles.admitted(run, command.id);
    },
    onQueued: () => shipper.nudge(),
  });
  const subscriptions = new CommandSubscriptions({
    pcId,
    bus,
    intake,
    groups: fleet.groups,
    firstEnrolment: config.replay.firstEnrolment,
    enrolment: store.enrolment,
    hasDottedExec: () => store.inbox.hasDottedExec(),
    onBound: parts.onBound,
    onOlderCopy: parts.onOlderCopy,
    onKill: (execId) => drop(dispatcher.kill(execId), log, 'a kill'),
    onForeignConsumer: (owner) => {
      log.error('the durable consumer of this PC belongs to another one', { owner });
      parts.onForeignConsumer();
    },
    log: log.child('intake'),
  });
  return { shipper, scripts, dispatcher, intake, subscriptions };
}
