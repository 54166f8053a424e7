/**
 * The way of one admitted command: gates, jitter, user, place, gates again, start, end. Whatever it waits for, a kill and our
 * own stop end the wait. While it waits it keeps no body in memory; that is read again when its turn comes.
 *
 * Invariants 4, 6, 7, 8: nothing is started before its start is on disk; a kill reaches every state; no network between the
 * spawn and the timer; the world is looked at again right before the spawn.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { drop } from '../base/drop.ts';
import { errorText, type Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import type { Bus } from '../bus/bus.ts';
import { decide, decideBeforeSpawn, type Facts, type Refusal } from '../gates/decide.ts';
import type { FactsReader } from '../gates/facts.ts';
import type { Account } from '../os/sessions.ts';
import { type Outcome, withoutRun } from '../store/ending.ts';
import type { OutboxKind } from '../store/outbox.ts';
import type { OpenRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { type Command, decodeCommand } from '../wire/command.ts';
import { noUserText } from '../wire/result-texts.ts';
import { encodeStarted } from '../wire/started-event.ts';
import { isSubjectId, startedSubject } from '../wire/subjects.ts';
import { killedWaiting, ran, refused } from './outcomes.ts';
import { loadScript } from './script-object.ts';
import type { EndReason, RunningScript, ScriptSpec } from './script-runner.ts';
import type { Slots } from './slots.ts';

/** Pauses before the pin is read again: the backend publishes first and pins after (D5). */
const PIN_REREAD_MS: readonly number[] = [250, 1_000, 3_000];
/** Until then an interrupted script is found by its marker alone. */
const NOTE_AFTER_MS = 20;
/** How long a start waits while the store takes no writes. */
const STORE_RETRY_MS = 1_000;

/** Starting a script, as a run needs it; see `script-runner.ts`. */
export interface ScriptStarter {
  start(spec: ScriptSpec): RunningScript;
  /** Whether this `run_as` can run here now: not at all, or once somebody signs in. */
  availability(
    runAs: Command['runAs'],
  ): { kind: 'ready'; user: Account | null } | { kind: 'no_user' } | { kind: 'unsupported'; why: string };
  /** Resolves when a user may have signed in, or after a while. */
  userChange(signal: AbortSignal): Promise<void>;
  /** Ends what is left of an interrupted run. */
  endLeftovers(run: { pid: number | null; pidStart: string | null; marker: string }): Promise<void>;
}

export interface JourneyOptions {
  readonly pcId: string;
  readonly store: Store;
  readonly bus: Bus;
  readonly facts: FactsReader;
  readonly scripts: ScriptStarter;
  readonly slots: Slots;
  readonly clock: Clock;
  readonly log: Logger;
  /** A result or event was queued. */
  readonly onQueued: (kind: OutboxKind) => void;
  /** A script runs. */
  readonly onStarted?: (resultId: string, script: RunningScript) => void;
  readonly pinRereadMs?: readonly number[];
}

export class Journey {
  readonly open: OpenRun;
  readonly #o: JourneyOptions;
  readonly #abort = new AbortController();
  #script: RunningScript | null = null;
  #killed: boolean;
  /** The command, from one step to the next; not over a wait, since many may wait for long. */
  #decoded: Command | null = null;

  constructor(open: OpenRun, options: JourneyOptions) {
    this.open = open;
    this.#o = options;
    this.#killed = open.killAtMs !== null;
    if (this.#killed) this.#abort.abort(new Error('killed'));
  }

  /** IT wants it stopped, whatever it is doing. */
  kill(): void {
    if (this.#killed) return;
    this.#killed = true;
    this.#abort.abort(new Error('killed'));
    this.#script?.end('killed');
  }

  /** Ends a wait, for our own stop; a script that runs goes on. */
  leave(): void {
    if (this.#script === null) this.#abort.abort(new Error('stopping'));
  }

  /** Ends the script, if one runs. */
  end(reason: EndReason): void {
    this.#script?.end(reason);
  }

  /** Takes the run as far as it goes. `left`: our own stop left it as it is, for the next start. Rejects on a bug only. */
  async outcome(): Promise<Outcome | 'left'> {
    try {
      const gated = await this.#gate();
      if (gated !== null) return gated;
      await this.#jitter();
      const blocked = await this.#awaitUser();
      if (blocked !== null) return blocked;
      return await this.#inPlace();
    } catch (error) {
      // What ends a wait is a kill or our own stop; anything else is a bug.
      if (this.#killed) return killedWaiting(this.open.execId ?? '', this.#o.clock.nowMs());
      if (this.#abort.signal.aborted) return 'left';
      throw error;
    }
  }

  /** The gates, with the pin read again before it is believed. Holds no place. */
  async #gate(): Promise<Outcome | null> {
    const command = this.#command();
    this.#abort.signal.throwIfAborted();
    if (this.#killed) throw new Error('killed');
    for (let reread = 0; ; reread++) {
      const facts = await this.#o.facts.gather(command);
      this.#abort.signal.throwIfAborted();
      const verdict = decide(command, facts, this.#o.clock.nowNs());
      if (verdict.go) return null;
      const pauseMs = (this.#o.pinRereadMs ?? PIN_REREAD_MS)[reread];
      if (verdict.reason !== 'VERSION_PIN' || pauseMs === undefined) return this.#refused(verdict, facts);
      await sleep(pauseMs, this.#abort.signal);
    }
  }

  #refused(verdict: Refusal, facts: Facts): Outcome {
    return refused(verdict, this.#o.clock.nowMs(), factsText(facts));
  }

  /** Spreads the starts of a fleet. The moment is drawn once and kept over restarts (invariant 4). */
  async #jitter(): Promise<void> {
    const { open } = this;
    let notBeforeMs = open.notBeforeMs;
    if (notBeforeMs === null) {
      const { jitterSecs } = this.#command();
      const drawnSecs = jitterSecs === null || jitterSecs <= 0 ? 0 : randomSecs(jitterSecs);
      if (drawnSecs === 0) return;
      notBeforeMs = this.#o.clock.nowMs() + drawnSecs * 1000;
      drop(this.#o.store.runs.advance(open.run, 'waiting_jitter', notBeforeMs), this.#o.log, 'noting the jitter');
    }
    this.#decoded = null;
    for (;;) {
      const leftMs = notBeforeMs - this.#o.clock.nowMs();
      if (leftMs <= 0) return;
      await sleep(leftMs, this.#abort.signal);
    }
  }

  /** `run_as: user` waits for somebody to sign in, until the deadline, else for as long as the script may take. */
  async #awaitUser(): Promise<Outcome | null> {
    const command = this.#command();
    let untilMs: number | null = null;
    for (;;) {
      const available = this.#o.scripts.availability(command.runAs);
      const nowMs = this.#o.clock.nowMs();
      if (available.kind === 'ready') return null;
      if (available.kind === 'unsupported') {
        return withoutRun('UNSUPPORTED', 122, available.why, { nowMs, skipped: true });
      }
      if (untilMs === null) {
        untilMs = waitLimitMs(command, nowMs);
        drop(this.#o.store.runs.advance(this.open.run, 'waiting_user'), this.#o.log, 'noting the wait');
      }
      if (nowMs >= untilMs) {
        return withoutRun('NO_USER', -1, noUserText(), { nowMs, skipped: false });
      }
      const enough = AbortSignal.timeout(Math.min(untilMs - nowMs, 2 ** 31 - 1));
      await this.#o.scripts.userChange(AbortSignal.any([this.#abort.signal, enough])).catch(() => {});
      this.#abort.signal.throwIfAborted();
    }
  }

  /** Waits for a place, then runs in it. */
  async #inPlace(): Promise<Outcome | 'left'> {
    const { signal } = this.#abort;
    if (this.#command().bypassLocalLimit) return this.#start();
    if (!this.#o.slots.free) {
      this.#decoded = null;
      drop(this.#o.store.runs.advance(this.open.run, 'waiting_slot'), this.#o.log, 'noting the wait');
    }
    await this.#o.slots.acquire(this.open.run, signal);
    try {
      return await this.#start();
    } finally {
      this.#o.slots.release();
    }
  }

  async #start(): Promise<Outcome | 'left'> {
    const { open } = this;
    const { signal } = this.#abort;
    const { store, clock, bus } = this.#o;
    const command = this.#command();
    const script = await loadScript(command, bus, signal);
    if (!script.ok) {
      return withoutRun('UNSUPPORTED', 122, script.why, { nowMs: clock.nowMs(), skipped: true });
    }
    const facts = await this.#o.facts.gather(command);
    signal.throwIfAborted();
    const verdict = decideBeforeSpawn(command, facts, clock.nowNs());
    if (!verdict.go) return this.#refused(verdict, facts);
    const available = this.#o.scripts.availability(command.runAs);
    const startedAtMs = clock.nowMs();
    const recorded = store.runs.start(open.run, {
      startedAtMs,
      runAsUser: available.kind === 'ready' ? (available.user?.id ?? null) : null,
      facts: factsText(facts),
    });
    this.#queueStarted(open, command, startedAtMs);
    if (!(await this.#stored(recorded))) {
      // The store takes no writes at present. What is not started can wait, and is gated anew.
      await sleep(STORE_RETRY_MS, signal);
      return this.#start();
    }
    // From here on the run is `running` on disk: it must end in an outcome, whatever comes.
    if (this.#killed) return killedWaiting(open.execId ?? '', clock.nowMs());
    const running = this.#o.scripts.start({
      marker: open.resultId,
      shell: command.shell,
      script: script.text,
      cwd: command.cwd,
      runAs: command.runAs,
      timeoutSecs: command.timeoutSecs,
    });
    if (command.runAs === 'user' && available.kind === 'ready') {
      this.#o.log.info('a script runs as a user', { request_id: command.requestId, user: available.user?.name });
    }
    this.#script = running;
    this.#o.onStarted?.(open.resultId, running);
    const noting = setTimeout(() => this.#noteProcess(running), NOTE_AFTER_MS);
    try {
      return ran(command, await running.done);
    } finally {
      clearTimeout(noting);
    }
  }

  /** For the next start, should we be interrupted; a short script has ended before anybody could need it. */
  #noteProcess(script: RunningScript): void {
    if (script.pid === null) return;
    drop(this.#o.store.runs.process(this.open.run, script.pid, script.startTime()), this.#o.log, 'noting the process');
  }

  async #stored(write: Promise<boolean>): Promise<boolean> {
    try {
      return await write;
    } catch (error) {
      this.#o.log.error('a start could not be recorded yet', { error: errorText(error) });
      return false;
    }
  }

  /** Tells the fleet that an execution has begun; goes through the outbox and delays nothing (protocol §12.3). */
  #queueStarted(open: OpenRun, command: Command, startedAtMs: number): void {
    if (command.execId === null || !isSubjectId(command.execId)) return;
    const body = encodeStarted({
      resultId: open.resultId,
      requestId: command.requestId,
      execId: command.execId,
      pcId: this.#o.pcId,
      startedAtNs: BigInt(startedAtMs) * 1_000_000n,
      manifestId: command.id,
      version: command.version,
    });
    const subject = startedSubject(command.execId, this.#o.pcId);
    const queued = this.#o.store.outbox.put({ kind: 'started', id: open.resultId, subject, body }, startedAtMs);
    const told = queued.then(() => this.#o.onQueued('started'));
    drop(told, this.#o.log, 'queueing the started event');
  }

  /** The command as it was admitted. It was decodable then; that it is not now means a damaged row. */
  #command(): Command {
    if (this.#decoded !== null) return this.#decoded;
    const decoded = decodeCommand(this.#o.store.runs.body(this.open.run));
    if (!decoded.ok) throw new Error(`the stored command can not be read: ${decoded.error}`);
    this.#decoded = decoded.command;
    return decoded.command;
  }
}

/** A whole number of seconds in [0, jitter), as the original draws it (protocol §4.1, step 11). */
function randomSecs(jitterSecs: number | bigint): number {
  return randomInt(Number(jitterSecs > 281_474_976_710_655 ? 281_474_976_710_655 : jitterSecs));
}

function waitLimitMs(command: Command, nowMs: number): number {
  if (command.deadlineAtNs !== null) return Number(command.deadlineAtNs / 1_000_000n);
  return nowMs + Math.max(1, Number(command.timeoutSecs)) * 1000;
}

function factsText(facts: Facts): string {
  return JSON.stringify({ ...facts, viewAgeMs: Number.isFinite(facts.viewAgeMs) ? facts.viewAgeMs : null });
}
