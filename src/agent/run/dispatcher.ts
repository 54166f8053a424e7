/**
 * Takes admitted commands from the store, one way for all of them: gates, jitter, place, gates again, start, end. It reads
 * the store when nudged and never polls. Whatever waits keeps no body in memory; it is read again when its turn comes.
 *
 * Invariants 3, 4, 6, 7, 8: one terminal row each; nothing is started before its start is on disk; a kill reaches every
 * state; no network between the spawn and the timer; the world is looked at again right before the spawn.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { drop } from '../base/drop.ts';
import { errorText, type Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import type { Bus } from '../bus/bus.ts';
import { decide, decideBeforeSpawn, type Facts, type Verdict } from '../gates/decide.ts';
import type { FactsReader } from '../gates/facts.ts';
import { endingOf, type Outcome, withoutRun } from '../store/ending.ts';
import type { OpenRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { type Command, decodeCommand } from '../wire/command.ts';
import { noUserText, spawnFailedText } from '../wire/result-texts.ts';
import { encodeStarted } from '../wire/started-event.ts';
import { isSubjectId, startedSubject } from '../wire/subjects.ts';
import { interrupted, killedWaiting, ran, refused } from './outcomes.ts';
import { loadScript } from './script-object.ts';
import type { RunningScript, ScriptSpec } from './script-runner.ts';
import type { Slots } from './slots.ts';

/** Pauses before the pin is read again: the backend publishes first and pins after (D5). */
const PIN_REREAD_MS: readonly number[] = [250, 1_000, 3_000];
/** While the store takes no writes an ended run waits with its result in memory, and holds its place. */
const STORE_RETRY_MS = 1_000;
const PAGE = 200;

/** Starting a script, as the dispatcher needs it; see `script-runner.ts`. */
export interface ScriptStarter {
  start(spec: ScriptSpec): RunningScript;
  /** Whether this `run_as` can run here now: not at all, or once somebody signs in. */
  availability(
    runAs: Command['runAs'],
  ): { kind: 'ready'; user: string | null } | { kind: 'no_user' } | { kind: 'unsupported'; why: string };
  /** Resolves when a user may have signed in, or after a while. */
  userChange(signal: AbortSignal): Promise<void>;
  /** Ends what is left of an interrupted run. */
  endLeftovers(run: { pid: number | null; pidStart: string | null; marker: string }): Promise<void>;
}

export interface DispatcherOptions {
  readonly pcId: string;
  readonly store: Store;
  readonly bus: Bus;
  readonly facts: FactsReader;
  readonly scripts: ScriptStarter;
  readonly slots: Slots;
  readonly clock: Clock;
  readonly log: Logger;
  /** Keep 124 and 126 local (`[results] publish_pin_skips = false`). */
  readonly publishPinSkips: boolean;
  /** A result or event was queued. */
  readonly onQueued: () => void;
  /** A script runs. */
  readonly onStarted?: (resultId: string, script: RunningScript) => void;
  readonly pinRereadMs?: readonly number[];
}

/** A run on its way; `abort` ends whatever it waits for. */
interface Active {
  readonly open: OpenRun;
  readonly abort: AbortController;
  script: RunningScript | null;
  killed: boolean;
}

type Stop = 'stopping';

export class Dispatcher {
  readonly #o: DispatcherOptions;
  readonly #active = new Map<number, Active>();
  #cursor = 0;
  #stopping = false;

  constructor(options: DispatcherOptions) {
    this.#o = options;
  }

  /** The scripts that run now, by run: for live tail and status. */
  running(): { run: number; resultId: string; script: RunningScript }[] {
    return [...this.#active.values()].flatMap(({ open, script }) =>
      script === null ? [] : [{ run: open.run, resultId: open.resultId, script }],
    );
  }

  /**
   * Settles what an earlier process left behind: whatever ran is ended and answered 121; the rest goes through the gates
   * again. With `nothingRuns` (an old copy of the store was put back) everything open is answered 121.
   */
  async recover(nothingRuns: boolean): Promise<void> {
    for (let after = 0; ; ) {
      const page = this.#o.store.runs.open(after, PAGE);
      for (const open of page) {
        after = open.run;
        if (open.state === 'running' || nothingRuns) await this.#recoverOne(open);
      }
      if (page.length < PAGE) return;
    }
  }

  async #recoverOne(open: OpenRun): Promise<void> {
    this.#o.log.warn('a run was interrupted', { request_id: open.requestId });
    await this.#o.scripts.endLeftovers({ pid: open.pid, pidStart: open.pidStart, marker: open.resultId });
    await this.#finish(open, interrupted(open.startedAtMs, this.#o.clock.nowMs()));
  }

  /** Something may have been admitted. */
  nudge(): void {
    if (this.#stopping) return;
    for (;;) {
      const page = this.#o.store.runs.open(this.#cursor, PAGE);
      for (const open of page) {
        this.#cursor = open.run;
        if (open.state !== 'running') this.#begin(open);
      }
      if (page.length < PAGE) return;
    }
  }

  #begin(open: OpenRun): void {
    const active: Active = { open, abort: new AbortController(), script: null, killed: open.killAtMs !== null };
    this.#active.set(open.run, active);
    drop(
      this.#process(active).finally(() => this.#active.delete(open.run)),
      this.#o.log,
      `run ${open.run}`,
    );
  }

  /** IT wants everything of this execution stopped. */
  async kill(execId: string): Promise<void> {
    // At once for what is known here; through the store for what is being admitted right now.
    for (const active of this.#active.values()) if (active.open.execId === execId) this.#killActive(active);
    const runs = await this.#o.store.runs.kill(execId, this.#o.clock.nowMs());
    this.nudge();
    for (const run of runs) {
      const active = this.#active.get(run);
      if (active !== undefined) this.#killActive(active);
    }
  }

  #killActive(active: Active): void {
    if (active.killed) return;
    active.killed = true;
    active.abort.abort(new Error('killed'));
    active.script?.end('killed');
  }

  /**
   * No new work from here on. Running scripts get `graceMs`, then their trees are ended and a result is stored; what waits
   * stays admitted and is gated again at the next start (design §4).
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const all = [...this.#active.values()];
    for (const active of all) if (active.script === null) active.abort.abort(new Error('stopping'));
    const settled = this.idle();
    const grace = new AbortController();
    await Promise.race([settled, sleep(graceMs, grace.signal).catch(() => {})]);
    grace.abort();
    for (const active of this.#active.values()) active.script?.end('stopped');
    await settled;
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#active.size > 0) await sleep(5);
  }

  async #process(active: Active): Promise<void> {
    const outcome = await this.#outcome(active).catch((error: unknown) => this.#failed(active.open, error));
    if (outcome !== 'stopping') await this.#finish(active.open, outcome);
  }

  /** A fault of ours or a damaged row. The fleet still gets its one answer. */
  #failed(open: OpenRun, error: unknown): Outcome {
    const why = errorText(error);
    this.#o.log.error('a run failed', { request_id: open.requestId, error: why });
    const nowMs = this.#o.clock.nowMs();
    return withoutRun('START_FAILED', -1, spawnFailedText(why), { nowMs, skipped: false, detail: why });
  }

  /** Takes one run as far as it goes. `stopping`: it stays as it is for the next start. */
  async #outcome(active: Active): Promise<Outcome | Stop> {
    try {
      const gated = await this.#gate(active);
      if (gated !== null) return gated;
      await this.#jitter(active);
      const blocked = await this.#awaitUser(active);
      if (blocked !== null) return blocked;
    } catch (error) {
      return this.#interruptedWait(active, error);
    }
    return this.#inPlace(active);
  }

  /** What ends a wait is a kill or our own stop; anything else is a bug, and still ends in one result. */
  #interruptedWait(active: Active, error: unknown): Outcome | Stop {
    if (active.killed) return killedWaiting(active.open.execId ?? '', this.#o.clock.nowMs());
    if (this.#stopping) return 'stopping';
    throw error;
  }

  /** The gates, with the pin read again before it is believed. Holds no place. */
  async #gate(active: Active): Promise<Outcome | null> {
    const command = this.#command(active.open);
    active.abort.signal.throwIfAborted();
    if (active.killed) throw new Error('killed');
    for (let reread = 0; ; reread++) {
      const facts = await this.#o.facts.gather(command);
      active.abort.signal.throwIfAborted();
      const verdict = decide(command, facts, this.#o.clock.nowNs());
      if (verdict.go) return null;
      const pauseMs = (this.#o.pinRereadMs ?? PIN_REREAD_MS)[reread];
      if (verdict.reason !== 'VERSION_PIN' || pauseMs === undefined) return this.#refused(verdict, facts);
      await sleep(pauseMs, active.abort.signal);
    }
  }

  #refused(verdict: Extract<Verdict, { go: false }>, facts: Facts): Outcome {
    return refused(verdict, this.#o.clock.nowMs(), factsText(facts));
  }

  /** Spreads the starts of a fleet. The moment is drawn once and kept over restarts (invariant 4). */
  async #jitter(active: Active): Promise<void> {
    const { open } = active;
    let notBeforeMs = open.notBeforeMs;
    if (notBeforeMs === null) {
      const { jitterSecs } = this.#command(open);
      const drawnSecs = jitterSecs === null || jitterSecs <= 0 ? 0 : randomSecs(jitterSecs);
      if (drawnSecs === 0) return;
      notBeforeMs = this.#o.clock.nowMs() + drawnSecs * 1000;
      drop(this.#o.store.runs.advance(open.run, 'waiting_jitter', notBeforeMs), this.#o.log, 'noting the jitter');
    }
    for (;;) {
      const leftMs = notBeforeMs - this.#o.clock.nowMs();
      if (leftMs <= 0) return;
      await sleep(leftMs, active.abort.signal);
    }
  }

  /** `run_as: user` waits for somebody to sign in, until the deadline, else for as long as the script may take. */
  async #awaitUser(active: Active): Promise<Outcome | null> {
    const command = this.#command(active.open);
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
        drop(this.#o.store.runs.advance(active.open.run, 'waiting_user'), this.#o.log, 'noting the wait');
      }
      if (nowMs >= untilMs) {
        return withoutRun('NO_USER', -1, noUserText(), { nowMs, skipped: false });
      }
      const enough = AbortSignal.timeout(Math.min(untilMs - nowMs, 2 ** 31 - 1));
      await this.#o.scripts.userChange(AbortSignal.any([active.abort.signal, enough])).catch(() => {});
      active.abort.signal.throwIfAborted();
    }
  }

  /** Waits for a place, then runs in it. */
  async #inPlace(active: Active): Promise<Outcome | Stop> {
    const { open, abort } = active;
    const bypass = this.#command(open).bypassLocalLimit;
    try {
      abort.signal.throwIfAborted();
      if (!bypass) {
        if (!this.#o.slots.free) {
          drop(this.#o.store.runs.advance(open.run, 'waiting_slot'), this.#o.log, 'noting the wait');
        }
        await this.#o.slots.acquire(open.run, abort.signal);
      }
    } catch (error) {
      return this.#interruptedWait(active, error);
    }
    try {
      return await this.#start(active);
    } catch (error) {
      return this.#interruptedWait(active, error);
    } finally {
      if (!bypass) this.#o.slots.release();
    }
  }

  async #start(active: Active): Promise<Outcome | Stop> {
    const { open, abort } = active;
    const { store, clock, bus } = this.#o;
    const command = this.#command(open);
    const script = await loadScript(command, bus, abort.signal);
    if (!script.ok) {
      return withoutRun('UNSUPPORTED', 122, script.why, { nowMs: clock.nowMs(), skipped: true });
    }
    const facts = await this.#o.facts.gather(command);
    abort.signal.throwIfAborted();
    const verdict = decideBeforeSpawn(command, facts, clock.nowNs());
    if (!verdict.go) return this.#refused(verdict, facts);
    const available = this.#o.scripts.availability(command.runAs);
    const startedAtMs = clock.nowMs();
    const recorded = store.runs.start(open.run, {
      startedAtMs,
      runAsUser: available.kind === 'ready' ? available.user : null,
      facts: factsText(facts),
    });
    this.#queueStarted(open, command, startedAtMs);
    if (!(await this.#stored(recorded))) {
      // The store takes no writes at present. What is not started can wait, and is gated anew.
      await sleep(STORE_RETRY_MS, abort.signal);
      return this.#start(active);
    }
    // From here on the run is `running` on disk: it must end in an outcome, whatever comes.
    if (active.killed) return killedWaiting(open.execId ?? '', clock.nowMs());
    const running = this.#o.scripts.start({
      marker: open.resultId,
      shell: command.shell,
      script: script.text,
      cwd: command.cwd,
      runAs: command.runAs,
      timeoutSecs: command.timeoutSecs,
    });
    active.script = running;
    this.#o.onStarted?.(open.resultId, running);
    if (running.pid !== null) {
      drop(store.runs.process(open.run, running.pid, running.startTime), this.#o.log, 'noting the process');
    }
    return ran(command, await running.done);
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
    drop(queued.then(this.#o.onQueued), this.#o.log, 'queueing the started event');
  }

  /** Ends the run, again and again until the store takes it: a result is never dropped. */
  async #finish(open: OpenRun, outcome: Outcome): Promise<void> {
    const { store, bus, log } = this.#o;
    const ending = endingOf(outcome, { ...open, pcId: this.#o.pcId }, bus.link.value.maxPayloadBytes);
    const local = !this.#o.publishPinSkips && (outcome.reason === 'VERSION_PIN' || outcome.reason === 'REVOKED');
    for (;;) {
      try {
        await store.runs.finish(open.run, local ? { ...ending, outbox: null } : ending);
        break;
      } catch (error) {
        log.error('a result could not be stored yet', { request_id: open.requestId, error: errorText(error) });
        await sleep(STORE_RETRY_MS);
      }
    }
    log.info('a command ended', {
      request_id: open.requestId,
      id: open.manifestId,
      reason: outcome.reason,
      exit_code: outcome.exitCode,
    });
    this.#o.onQueued();
  }

  /** The command as it was admitted. It was decodable then; that it is not now means a damaged row. */
  #command(open: OpenRun): Command {
    const decoded = decodeCommand(this.#o.store.runs.body(open.run));
    if (!decoded.ok) throw new Error(`the stored command can not be read: ${decoded.error}`);
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
