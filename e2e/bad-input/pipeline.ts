/**
 * The way of a command from the broker to its result, in one process: sources, intake, store, gates, dispatcher and shipper
 * are the real ones, over a store in a temporary directory. Broker and scripts are stand-ins, so that thousands of messages
 * take seconds and everything that is logged or sent can be checked.
 */

import { expect } from 'vitest';
import { Fleet } from '../../src/agent/config/fleet.ts';
import { Titles } from '../../src/agent/duties/titles.ts';
import { FactsReader } from '../../src/agent/gates/facts.ts';
import { CommandSubscriptions } from '../../src/agent/intake/command-subscriptions.ts';
import { Intake } from '../../src/agent/intake/intake.ts';
import { Dispatcher } from '../../src/agent/run/dispatcher.ts';
import { Slots } from '../../src/agent/run/slots.ts';
import { Shipper } from '../../src/agent/ship/shipper.ts';
import type { RunRecord } from '../../src/agent/status/ports.ts';
import { openStore } from '../../src/agent/store/open.ts';
import { Store } from '../../src/agent/store/store.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { LogFields, Logger, LogLevel } from '../../src/base/logger.ts';
import { eventually, PATIENCE_MS } from '../../test/support/eventually.ts';
import { FakeBus } from '../../test/support/fake-bus.ts';
import { FakeScripts } from '../../test/support/fake-scripts.ts';
import { pcIdOf } from '../../test/support/ids.ts';
import { verifierOf } from '../../test/support/signing.ts';
import { storeOptions } from '../../test/support/store.ts';

export const PC = pcIdOf('PC-1');
/** All is in this process, and there are thousands of cases. */
const OFTEN = [PATIENCE_MS, 1] as const;
export const OWN_SUBJECT = `commands.pc.${PC}`;

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** The parts of a result that the cases look at, by their wire names. */
export interface SentResult {
  readonly result_id: string;
  readonly request_id: string;
  readonly exit_code: number;
  readonly stderr: string;
  readonly skipped: boolean;
}

/** What has become of one message. */
export interface Landing {
  readonly rows: readonly RunRecord[];
  readonly results: readonly SentResult[];
  /** Of level `warn` and above. */
  readonly log: readonly LogEntry[];
}

export class Pipeline {
  readonly bus = new FakeBus();
  readonly scripts = new FakeScripts();
  readonly log: LogEntry[] = [];
  readonly store: Store;
  readonly fleet: Fleet;
  readonly dispatcher: Dispatcher;
  readonly #intake: Intake;
  readonly #subscriptions: CommandSubscriptions;
  readonly #shipper: Shipper;
  #revision = 0;

  /** Starts it; this PC is a member of the group `mine`. */
  constructor(directory: string) {
    const opened = openStore(directory);
    if (opened.kind !== 'open') throw new Error(`the store did not open: ${opened.kind}`);
    const log = collector(this.log);
    this.store = new Store(opened.db, { ...storeOptions(directory), log });
    const { bus, store } = this;
    const clock = systemClock;
    this.scripts.autoExit = 0;
    this.fleet = new Fleet({ pcId: PC, bus, store, clock, log });
    const facts = new FactsReader(
      { bus, kvCache: store.kvCache, lastContact: store.lastContact, timeline: store.timeline, log },
      { scriptsEnabled: () => true, uncheckedHonoursRevoke: false },
    );
    this.#shipper = new Shipper({ outbox: store.outbox, bus, clock, log, drainPerSecond: 0, onFailure() {} });
    this.dispatcher = new Dispatcher({
      pcId: PC,
      store,
      bus,
      facts,
      scripts: this.scripts,
      slots: new Slots(() => 64),
      clock,
      log,
      publishPinSkips: true,
      onQueued: () => this.#shipper.nudge(),
      pinRereadMs: [],
    });
    const titles = new Titles({ bus, runs: store.runs, clock, log });
    this.#intake = new Intake({
      pcId: PC,
      store,
      verifier: verifierOf(),
      groups: this.fleet.groups,
      maxPayloadBytes: () => bus.link.value.maxPayloadBytes,
      serverNowMs: () => bus.serverNowMs(),
      clock,
      log,
      onSeen: (command) => this.#subscriptions.arm(command),
      onArrival: (command) => facts.prefetch(command.id),
      onAdmitted: (run, command) => {
        this.dispatcher.nudge();
        titles.admitted(run, command.id);
      },
      onQueued: () => this.#shipper.nudge(),
    });
    this.#subscriptions = new CommandSubscriptions({
      pcId: PC,
      bus,
      intake: this.#intake,
      groups: this.fleet.groups,
      firstEnrolment: 'catch-up',
      enrolment: store.enrolment,
      hasDottedExec: () => store.inbox.hasDottedExec(),
      onBound() {},
      onOlderCopy: async () => {},
      onKill: (execId) => void this.dispatcher.kill(execId),
      onForeignConsumer() {},
      log,
    });
    this.#shipper.start();
    this.dispatcher.start();
    this.fleet.start();
    this.#subscriptions.listenForKills();
    this.#subscriptions.start();
    this.#intake.begin();
    this.put('agent_groups', PC, '{"groups":["mine"]}');
    this.#watch('agent_groups_derived').current();
  }

  /** A key of a watched bucket has a new value; null: it was deleted. */
  put(bucket: string, key: string, value: string | Uint8Array | null): void {
    const watch = this.#watch(bucket);
    this.#revision += 1;
    watch.change({ key, value: value === null ? null : Buffer.from(value), revision: this.#revision });
    watch.current();
  }

  #watch(bucket: string) {
    const watch = this.bus.watches.get(bucket);
    if (watch === undefined) throw new Error(`nobody watches ${bucket}`);
    return watch;
  }

  /** Delivers a message as the durable consumer does. Resolves once it is acknowledged. */
  deliver(data: string | Uint8Array, subject = OWN_SUBJECT): Promise<void> {
    const { durable } = this.bus;
    if (durable === null) throw new Error('there is no consumer');
    return new Promise((ack) =>
      durable.handlers.message({ subject, data: Buffer.from(data), storedAtMs: 0, ack, nak() {} }),
    );
  }

  /** Delivers and follows a message to its end. */
  async send(data: string | Uint8Array, subject = OWN_SUBJECT): Promise<Landing> {
    const before = { run: this.lastRun(), published: this.bus.published.length, log: this.log.length };
    await this.deliver(data, subject);
    await this.settled();
    return {
      rows: this.store.history.list({}, Number.POSITIVE_INFINITY, 10).filter(({ run }) => run > before.run),
      results: resultsIn(this.bus.published.slice(before.published)),
      log: this.log.slice(before.log).filter(({ level }) => level === 'warn' || level === 'error'),
    };
  }

  /** Resolves when nothing runs and everything that was queued is sent. */
  async settled(): Promise<void> {
    await this.dispatcher.idle();
    // A run that waits for a place, or that IT has stopped, is on its way; one in its jitter, or without its user, is not.
    const { inbox } = this.store;
    await eventually(() => expect([...inbox.inState('waiting_slot', 1), ...inbox.killed(1)]).toEqual([]), ...OFTEN);
    await this.dispatcher.idle();
    await this.sent();
  }

  async sent(): Promise<void> {
    await eventually(
      () => {
        const sent = new Set(this.bus.published.map(({ id }) => id));
        expect(this.store.outbox.waiting(true, 1_000).filter(({ id }) => !sent.has(id))).toEqual([]);
      },
      ...OFTEN,
    );
  }

  /** Every result that was sent so far. */
  results(): SentResult[] {
    return resultsIn(this.bus.published);
  }

  lastRun(): number {
    return this.store.history.list({}, Number.POSITIVE_INFINITY, 1)[0]?.run ?? 0;
  }

  async close(): Promise<void> {
    this.#intake.close();
    this.#subscriptions.close();
    this.#subscriptions.closeKills();
    await this.dispatcher.stop(0);
    this.fleet.close();
    // The last marks of what was delivered go with a group of their own.
    await this.#shipper.drained(AbortSignal.timeout(PATIENCE_MS));
    await this.#shipper.stop();
    await this.store.close();
  }
}

/** Of what was published, the results. */
export function resultsIn(published: FakeBus['published']): SentResult[] {
  return published
    .filter(({ subject }) => subject.startsWith('results.'))
    .map(({ body }) => JSON.parse(body) as SentResult);
}

function collector(entries: LogEntry[]): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) =>
      void entries.push({ level, message, fields });
  const logger: Logger = { error: at('error'), warn: at('warn'), info: at('info'), debug() {}, child: () => logger };
  return logger;
}
