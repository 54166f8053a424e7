/**
 * One command on its way: gates, jitter, user, slot, gates again, start, end. It goes as far as it can without waiting; where
 * it has to wait, that is noted in its row and nothing of it stays in memory: the dispatcher takes it up again when it is due.
 *
 * Invariants 4, 6, 7, 8: nothing is started before its start is on disk; a kill reaches every state; no network between the
 * spawn and the timer; the world is checked again right before the spawn.
 */
import { drop } from '../../base/drop.ts';
import { errorText } from '../../base/logger.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import { sleep } from '../../base/sleep.ts';
import type { Account } from '../../platform/sessions.ts';
import { errorCode } from '../../shared/error-code.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import { interrupted, type Outcome } from '../results/ending.ts';
import type { OpenRun, OpenState } from '../store/inbox.ts';
import type { OutboxItem } from '../store/outbox.ts';
import type { Note } from '../store/runs.ts';
import { mayPass } from '../store/sqlite-errors.ts';
import type { Command } from '../wire/command.ts';
import { decodeAdmitted } from '../wire/envelope.ts';
import { encodeStarted } from '../wire/started-event.ts';
import { isSubjectId, startedSubject } from '../wire/subjects.ts';
import { Attempts } from './attempts.ts';
import { attempted, killedWaiting, stoppedBeforeStart } from './outcomes.ts';
import { RunGates } from './run-gates.ts';
import type { ActiveRunOptions, Slot } from './run-ports.ts';
import type { EndReason, RunningScript } from './script-runner.ts';
import { fetchText } from './script-text.ts';
import { jitterWait, userWait } from './start-waits.ts';

/** Until then an interrupted script is found by its marker alone. */
const NOTE_AFTER_MS = 20;
/** So the dispatcher knows that it takes a fetch to start it. */
const IN_OBJECT_STORE: Note = { kind: 'read', bytes: 0 };

/** `deferred`: it waits, as its row says; or our own stop left it as it is, for the next start. */
export type Step = Outcome | 'deferred';

export class ActiveRun {
  readonly open: OpenRun;
  readonly #options: ActiveRunOptions;
  readonly #slot: Slot;
  readonly #gates: RunGates;
  readonly #abort = new AbortController();
  #script: Pick<RunningScript, 'end'> | null = null;
  #holdsSlot: boolean;
  #waits = false;
  #pauses = false;
  /** Its start is on disk: it is not begun again. */
  #begun = false;
  #killed: boolean;
  #decoded: Command | null = null;

  /** `overRestart`: it was admitted before this process began. */
  constructor(open: OpenRun, slot: Slot, overRestart: boolean, options: ActiveRunOptions) {
    this.open = open;
    this.#options = options;
    this.#slot = slot;
    this.#holdsSlot = slot.offer === 'taken';
    // For its script, which holds no slot.
    this.#pauses = slot.offer === 'promised';
    const isOwnFire = open.source === 'schedule';
    this.#gates = new RunGates({ ...options, isOwnFire, overRestart, signal: this.#abort.signal });
    this.#killed = open.killAtMs !== null;
    if (this.#killed) this.#abort.abort(new Error('killed'));
  }

  /** It has a slot, and has not given it back. */
  get holdsSlot(): boolean {
    return this.#holdsSlot;
  }

  /** It is its turn for a slot, and it fetches its script for that. */
  get fetchesForSlot(): boolean {
    return this.#pauses && this.#slot.offer !== 'none';
  }

  /** A script of it runs. */
  get runs(): boolean {
    return this.#script !== null;
  }

  /** It was put off for a time, or for somebody to sign in. */
  get waits(): boolean {
    return this.#waits;
  }

  /** It reads what it needs, or is about to try again: it wants no slot now. */
  get pauses(): boolean {
    return this.#pauses;
  }

  /** IT wants it stopped, whatever it is doing. */
  kill(): void {
    if (this.#killed) return;
    this.#killed = true;
    this.#abort.abort(new Error('killed'));
    this.#script?.end('killed');
  }

  /**
   * Ends a wait: for our own stop, or since it belongs to an older copy of the store and is ended by others. A script that runs
   * goes on.
   */
  abortWait(why: 'stopping' | 'held'): void {
    if (this.#script === null) this.#abort.abort(new Error(why));
  }

  /** Ends the script, if one runs. */
  end(reason: EndReason): void {
    this.#script?.end(reason);
  }

  /** Takes the run as far as it goes now; a store that can't be read at present is waited for. Rejects on a bug only. */
  async step(): Promise<Step> {
    for (;;) {
      const step = await this.#try();
      if (step !== 'again') return step;
      this.#pauses = true;
      await sleep(STORE_RETRY_MS, this.#abort.signal).catch(() => {});
      this.#pauses = false;
    }
  }

  /** Without its slot it waits for what it goes on with `again`. */
  async #try(): Promise<Step | 'again'> {
    try {
      return await this.#step();
    } catch (error) {
      // What ends a wait is a kill or our own stop; anything else is a bug.
      if (this.#killed) return killedWaiting(this.open.execId ?? '', this.#options.clock.nowMs());
      if (this.#abort.signal.aborted && !this.#begun) return 'deferred';
      // Of the store alone: what else is refused is an answer.
      const isStore = errorCode(error).startsWith('SQLITE_');
      if (this.#begun || !isStore || !mayPass(error)) throw error;
      this.#options.log.error('a command could not be read yet', { run: this.open.run, error: errorText(error) });
      return 'again';
    } finally {
      this.#releaseSlot();
    }
  }

  #releaseSlot(): void {
    if (this.#holdsSlot) this.#slot.release();
    this.#holdsSlot = false;
  }

  async #step(): Promise<Step> {
    this.#abort.signal.throwIfAborted();
    if (this.open.state === 'admitted') {
      const refusal = await this.#gates.onItsWay(this.#command());
      if (refusal !== null) return refusal;
      const jitter = jitterWait(this.open, this.#command(), this.#options.store.waits, this.#options.clock.nowMs());
      if (jitter !== 'over') return this.#defer('waiting_jitter', ...(jitter === 'noted' ? [] : [jitter]));
    }
    const user = await this.#user();
    if (user !== 'ready') return user;
    const command = this.#command();
    const script = await this.#text(command);
    if (script === 'deferred' || 'reason' in script) return script;
    // Who was signed in may have left while it was fetched.
    const stillThere = command.scriptObject === null ? 'ready' : await this.#user();
    if (stillThere !== 'ready') return stillThere;
    if (!command.bypassLocalLimit && !this.#holdsSlot) {
      this.#holdsSlot = this.#slot.take();
      if (!this.#holdsSlot) {
        if (command.scriptObject === null) return this.#defer('waiting_slot');
        this.#options.scriptObjects.keep(this.open.run, script.text);
        return this.#defer('waiting_slot', IN_OBJECT_STORE);
      }
    }
    return this.#start(script.text);
  }

  get #connected(): boolean {
    return this.#options.bus.link.value.state === 'connected';
  }

  async #user(): Promise<'ready' | Step> {
    const { scripts, store, clock } = this.#options;
    const command = this.#command();
    const wait = userWait(this.open, command, scripts.availability(command.runAs), store.waits, clock.nowMs());
    return wait === 'ready' || 'reason' in wait ? wait : this.#defer('waiting_user', wait);
  }

  /** Notes the wait in the row. While the store takes no writes the run stays here. */
  async #defer(state: OpenState, ...notes: readonly Note[]): Promise<'deferred'> {
    while (
      (await this.#stored(this.#options.store.runs.advance(this.open.run, state, ...notes).then(() => true))) === null
    ) {
      await sleep(STORE_RETRY_MS, this.#abort.signal);
    }
    this.#waits = state !== 'waiting_slot';
    this.#abort.signal.throwIfAborted();
    return 'deferred';
  }

  /** The text to run: the command's own, or an object, which is fetched without a slot; else how far the run has come. */
  async #text(command: Command): Promise<{ readonly text: string } | Step> {
    const { scriptObject } = command;
    if (scriptObject === null) return { text: command.script };
    const text = this.#options.scriptObjects.kept(this.open.run);
    if (text !== undefined) return { text };
    this.#releaseSlot();
    this.#pauses = true;
    const isAhead = !command.bypassLocalLimit && this.#slot.offer === 'none';
    const wanted = { object: scriptObject, isAhead };
    try {
      for (;;) {
        const refusal = () => this.#refusedBeforeSpawn(command);
        const fetched = await fetchText(this.open, wanted, this.#options, refusal, this.#abort.signal);
        if (fetched.kind === 'text') return fetched;
        if (fetched.kind === 'no_room') return this.#defer('waiting_slot', IN_OBJECT_STORE);
        if (fetched.kind === 'ended') return fetched.outcome;
        await this.#defer('admitted', ...fetched.notes);
        // The connection may have come before anybody knew that this run waits for one.
        if (!fetched.needsLink || !this.#connected) return 'deferred';
      }
    } finally {
      this.#pauses = false;
    }
  }

  async #refusedBeforeSpawn(command: Command): Promise<Outcome | null> {
    const seen = await this.#gates.beforeSpawn(command);
    return typeof seen === 'string' ? null : seen;
  }

  async #start(text: string): Promise<Step> {
    const { open } = this;
    const { signal } = this.#abort;
    const { store, clock } = this.#options;
    const command = this.#command();
    for (;;) {
      const facts = await this.#gates.beforeSpawn(command);
      if (typeof facts !== 'string') return facts;
      const available = this.#options.scripts.availability(command.runAs);
      const startedAtMs = clock.nowMs();
      const user = available.kind === 'ready' ? available.user : null;
      const event = this.#startedEvent(command, startedAtMs);
      const start = { startedAtMs, runAsUser: user?.id ?? null, facts, event };
      const started = await this.#stored(store.runs.start(open.run, start));
      if (started === true) {
        if (event !== null) this.#options.onQueued();
        return this.#run(command, text, user);
      }
      // It has ended meanwhile: others have answered it.
      if (started === false) return 'deferred';
      // The store takes no writes at present. What is not started can wait, and is gated again.
      await sleep(STORE_RETRY_MS, signal);
    }
  }

  /** From here on the run is `running` on disk: it must end in an outcome, whatever comes. */
  async #run(command: Command, text: string, user: Account | null): Promise<Outcome> {
    this.#begun = true;
    const nowMs = this.#options.clock.nowMs();
    if (this.#killed) return killedWaiting(this.open.execId ?? '', nowMs);
    // Our own stop, or the older copy, came while the start was written: nothing of the script exists.
    if (this.#abort.signal.aborted) {
      const isStop = errorText(this.#abort.signal.reason) === 'stopping';
      return isStop ? stoppedBeforeStart(nowMs) : interrupted(null, nowMs);
    }
    const { shell, cwd, runAs, timeoutSecs, retry, deadlineAtNs } = command;
    const spec = { marker: this.open.resultId, shell, script: text, cwd, runAs, timeoutSecs };
    if (runAs === 'user' && user !== null) {
      this.#options.log.info('a script runs as a user', { request_id: command.requestId, user: user.name });
    }
    let noting: NodeJS.Timeout | undefined;
    const start = () => {
      const running = this.#options.scripts.start(spec);
      this.#options.onStarted?.(this.open.resultId, running);
      clearTimeout(noting);
      noting = setTimeout(() => this.#noteProcess(running), NOTE_AFTER_MS);
      return running;
    };
    const attempts = new Attempts(start, { retry, deadlineAtNs, clock: this.#options.clock });
    this.#script = attempts;
    try {
      return attempted(command, await attempts.done);
    } finally {
      clearTimeout(noting);
    }
  }

  /** For the next start, should we be interrupted; a short script has ended before anybody could need it. */
  #noteProcess(script: RunningScript): void {
    if (script.pid === null) return;
    drop(
      this.#options.store.runs.process(this.open.run, script.pid, script.startTime()),
      this.#options.log,
      'noting the process',
    );
  }

  /** What the write says; null: the store does not take it at present. */
  async #stored(write: Promise<boolean>): Promise<boolean | null> {
    try {
      return await write;
    } catch (error) {
      this.#options.log.error('a step could not be recorded yet', { run: this.open.run, error: errorText(error) });
      return null;
    }
  }

  /** Tells the fleet that an execution has begun; queued with the start itself (protocol §12.3). */
  #startedEvent({ execId, requestId, id, version }: Command, startedAtMs: number): OutboxItem | null {
    if (execId === null || !isSubjectId(execId)) return null;
    const { resultId } = this.open;
    const { pcId } = this.#options;
    const startedAtNs = BigInt(startedAtMs) * NS_PER_MS;
    const body = encodeStarted({ resultId, requestId, execId, pcId, startedAtNs, manifestId: id, version });
    return { kind: 'started', id: resultId, subject: startedSubject(execId, pcId), body };
  }

  /** The command as it was admitted. It was decodable then; that it is not now means a damaged row. */
  #command(): Command {
    if (this.#decoded !== null) return this.#decoded;
    const decoded = decodeAdmitted(this.#options.store.inbox.body(this.open.run));
    if (!decoded.ok) throw new Error(`the stored command can not be read: ${decoded.error}`);
    this.#decoded = decoded.command;
    return decoded.command;
  }
}
