/**
 * Fires what is due. Nothing here waits for the network: what the fleet has said is in the book, what this PC has done is in the
 * store, and a fire is an admission like any other. It sleeps until the next time there is, looks up when the book changes, and
 * asks the wall clock at least every 30 s: a clock that was set, or a PC that has slept, is seen by that.
 */

import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { loopTurns } from '../../base/loop-turn.ts';
import { type Watched, WatchedCell } from '../../base/watched.ts';
import type { RunId } from '../../shared/ids.ts';
import type { SkipReason } from '../../shared/schedules-view.ts';
import type { Store } from '../store/store.ts';
import type { Command } from '../wire/command.ts';
import type { Trigger } from '../wire/schedule.ts';
import type { Book, Entry } from './book.ts';
import { canFire, decideFire, hasConditions, NOT_KNOWN, nextTime, type Senses, unsupportedParts } from './decide.ts';
import { arrivalOf, commandOf, type Tick } from './fire.ts';
import { Fires } from './fires.ts';
import { lastSuccessOf } from './last-success.ts';
import type { Refusals } from './refusals.ts';
import { type Skip, Skips } from './skips.ts';
import type { Conditions, FireDecision, FireFacts, LastSuccess, Plan, Requirements, Unsupported } from './types.ts';

/** A timer counts no sleep of the PC, so none is trusted for longer. */
const LONGEST_SLEEP_MS = 30_000;
/** A time that went by longer ago than this is not made up for: the PC slept, or its clock was set (protocol §6.2). */
const LATE_MS = 10_000;
/** Where the store could not be read: before what is due is too late. */
const AGAIN_MS = 1_000;
/** Many are due at nine o'clock; the event loop has its turn in between. */
const STEP_MS = 10;
/** Reasons for which the fire for a start of the system is not over. */
const MAY_PASS: ReadonlySet<SkipReason> = new Set(['job_missing', 'requirement', 'store']);
/** So much back is a clock that is kept right. */
const BACK_MS = 500;
export interface SchedulerOptions {
  readonly pcId: string;
  readonly book: Pick<Book, 'entries' | 'job' | 'isFrozen'>;
  readonly store: Store;
  /** The last known groups; null: none ever were. */
  readonly groups: () => ReadonlySet<string> | null;
  readonly scriptsEnabled: () => boolean;
  readonly cpuPercent: () => number | null;
  readonly serverNowMs: () => number | null;
  /** The IANA name of this PC's zone. */
  readonly zone: () => string;
  readonly senses: Senses;
  /** What it is like now, as far as `require` asks for it; never rejects. */
  readonly conditions: (require: Requirements) => Promise<Conditions>;
  readonly refusals: Pick<Refusals, 'look'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** A row that is to be run was committed. */
  readonly onAdmitted: (run: RunId, command: Command, description: string | null) => void;
}

/** A plan that is for this PC, and when it is looked at next. */
interface Active {
  readonly entry: Entry;
  readonly plan: Plan;
  nextMs: number | null;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #active = new Map<string, Active>();
  readonly #skips: Skips;
  readonly #changes = new WatchedCell(0);
  #timer: NodeJS.Timeout | undefined;
  #begun = false;
  #closed = false;
  /** Of these, the fire for this start of the system is still to be decided; with the reason that was told of it last. */
  readonly #atStart = new Map<string, SkipReason | null>();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> = Promise.resolve();
  readonly #fires = new Fires((name, error) => this.#couldNot(name, error));
  /** Something could not be read or written: it is looked at again soon. */
  #failed = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#skips = new Skips(options.store, options.log);
    this.refresh();
  }

  /** Counts what may have changed in how schedules are shown. */
  get changes(): Watched<number> {
    return this.#changes;
  }

  /** From here on what is due is fired. What was due before is not: nobody was there to fire it. */
  begin(): void {
    this.#begun = true;
    const nowMs = this.#options.clock.nowMs();
    for (const active of this.#active.values()) this.#reckon(active, nowMs);
    this.#refuseUnsupported(this.#options.book.entries.values());
    this.reloaded();
  }

  /** When it is looked at next; where that can't be told now, as it was. */
  #reckon(active: Active, nowMs: number): boolean {
    try {
      active.nextMs = this.#next(active.plan, nowMs);
      return true;
    } catch (error) {
      this.#couldNot(active.plan.id, error);
      return false;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** The book, or the groups of this PC, have changed. A plan that is the same as before keeps its time. */
  refresh(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const id of this.#active.keys())
      if (!this.#isOurs(this.#options.book.entries.get(id))) this.#active.delete(id);
    for (const [id, entry] of this.#options.book.entries) {
      if (!entry.read.ok || !this.#isOurs(entry)) {
        this.#active.delete(id);
        continue;
      }
      const { plan } = entry.read;
      const known = this.#active.get(id);
      if (known?.entry === entry) continue;
      const active = { entry, plan, nextMs: null };
      // One that can't be told now is new again with the next look.
      if (this.#reckon(active, nowMs)) this.#active.set(id, active);
      else this.#active.delete(id);
    }
    this.#skips.keepOnly(this.#options.book.entries);
    if (this.#begun) this.#refuseUnsupported(this.#options.book.entries.values());
    this.#tell();
    this.lookSoon();
  }

  /** A job has come, has another version, or is gone. */
  jobChanged(id: string): void {
    const nowMs = this.#options.clock.nowMs();
    for (const active of this.#active.values()) {
      const { plan } = active;
      if (plan.jobId === id && plan.repeat.kind === 'once_per_version') this.#reckon(active, nowMs);
    }
    const naming = [...this.#options.book.entries.values()].filter(({ read }) => read.ok && read.plan.jobId === id);
    if (this.#begun) this.#refuseUnsupported(naming);
    this.#tell();
    this.lookSoon();
  }

  #refuseUnsupported(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      if (!entry.read.ok || !this.isForThisPc(entry)) continue;
      const { plan } = entry.read;
      const job = this.#options.book.job(plan.jobId);
      if (job.kind === 'known') this.#options.refusals.look(plan, job.job, this.unsupported(plan));
    }
  }

  /**
   * All schedules have been read again: what was to be fired for this start of the system is fired now (protocol §6.5), or as soon as
   * all is here that it takes: its job, the groups of this PC, room in the store.
   */
  reloaded(): void {
    for (const [id, { read }] of this.#options.book.entries)
      if (read.ok && read.plan.triggers.includes('startup')) this.#atStart.set(id, this.#atStart.get(id) ?? null);
    this.lookSoon();
  }

  /** An event of this PC; resolves when what it fires is in the store. */
  async occurred(trigger: Trigger): Promise<void> {
    if (!this.#begun || this.#closed) return;
    const atMs = this.#options.clock.nowMs();
    const turn = loopTurns(STEP_MS);
    for (const { plan } of this.#active.values()) {
      if (!plan.triggers.includes(trigger)) continue;
      const tick = { name: `${trigger}:${atMs}`, atMs };
      this.#fires.begin(`${plan.id} ${tick.name}`, () => this.#fire(plan, tick, null));
      await turn();
    }
    await this.#fires.settled();
  }

  /** It is looked at again soon. */
  #couldNot(what: string, error: unknown): void {
    this.#failed = true;
    this.#options.log.warn('a schedule could not be looked at', { what, error: errorText(error) });
  }

  lookSoon(): void {
    this.#arm(0);
  }

  #arm(inMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#begun || this.#closed) return;
    this.#timer = setTimeout(() => drop(this.look(), this.#options.log, 'looking what is due'), Math.max(0, inMs));
  }

  /** Fires what is due now; resolves when that is in the store. One look at a time; none waits for what a fire still has to ask. */
  look(): Promise<void> {
    this.#looking = this.#looking
      .then(() => this.#look())
      .catch((error: unknown) => {
        this.#options.log.error('what is due could not be looked at', { error: errorText(error) });
        this.#arm(AGAIN_MS);
      });
    return this.#looking.then(() => this.#fires.settled());
  }

  async #look(): Promise<void> {
    if (!this.#begun || this.#closed) return;
    const nowMs = this.#options.clock.nowMs();
    const wasSetBack = nowMs < this.#lookedMs - BACK_MS;
    this.#lookedMs = nowMs;
    const failed = this.#failed;
    this.#failed = false;
    // What could not be told when the book changed.
    if (failed) this.refresh();
    const turn = loopTurns(STEP_MS);
    for (const id of this.#atStart.keys()) {
      this.#fires.begin(`${id} at start`, () => this.#fireAtStart(id, nowMs));
      await turn();
    }
    for (const active of this.#active.values()) {
      const { plan, nextMs } = active;
      if (!wasSetBack && (nextMs === null || nextMs > nowMs)) continue;
      // First, so that one which can't be told at present is looked at once more.
      if (this.#reckon(active, nowMs) && !wasSetBack && nextMs !== null) this.#due(plan, nextMs, nowMs);
      await turn();
    }
    const next = Math.min(...[...this.#active.values()].map(({ nextMs: each }) => each ?? Number.POSITIVE_INFINITY));
    const sleepMs = this.#failed ? AGAIN_MS : Math.min(next - this.#options.clock.nowMs(), LONGEST_SLEEP_MS);
    if (this.#active.size > 0 || this.#failed) this.#arm(sleepMs);
  }

  #due(plan: Plan, atMs: number, nowMs: number): void {
    const tick = { name: `time:${atMs}`, atMs };
    this.#fires.begin(`${plan.id} ${tick.name}`, async () =>
      nowMs - atMs > LATE_MS ? this.#missed(plan, atMs) : this.#fire(plan, tick, null),
    );
  }

  async #fireAtStart(id: string, nowMs: number): Promise<void> {
    const boot = this.#options.store.systemStart;
    const plan = this.#active.get(id)?.plan;
    // Not for this PC, as far as its groups are known.
    if (plan === undefined) return;
    const isLate = plan.startingDeadlineMs !== null && this.#options.clock.upMs() > plan.startingDeadlineMs;
    const isOver = !plan.triggers.includes('startup') || isLate;
    const told = this.#atStart.get(id) ?? null;
    const left =
      isOver || this.#options.store.scheduleRuns.lastBoot(id) === boot
        ? null
        : await this.#fire(plan, { name: `startup:${boot}`, atMs: nowMs }, boot, told);
    if (left !== null && MAY_PASS.has(left)) this.#atStart.set(id, left);
    else this.#atStart.delete(id);
  }

  /** Why it was left out; null: it was not, or nothing was to be done. What was `told` before is not told again. */
  async #fire(plan: Plan, tick: Tick, boot: string | null, told: SkipReason | null = null): Promise<SkipReason | null> {
    const { clock, store, log, pcId } = this.#options;
    const skip = (why: SkipReason, note: string | null = null) => {
      if (why !== told) this.#skip(plan.id, why, note, tick.atMs);
      return why;
    };
    try {
      const decision = await this.#decide(plan, tick.atMs);
      if (decision.kind === 'not_due') return null;
      if (decision.kind === 'skip') return skip(decision.why, decision.note);
      const command = commandOf(pcId, plan, decision.job, tick);
      const at = { receivedAtMs: clock.nowMs(), serverAtMs: this.#options.serverNowMs() };
      const admission = await store.runs.admitFire(arrivalOf(command, plan.id, at), { scheduleId: plan.id, boot });
      if (admission.kind === 'still_running') return skip('still_running');
      if (admission.kind === 'fired_before') return null;
      this.#skips.forget(plan.id);
      log.info('a schedule fires', { schedule: plan.id, job: command.id, request_id: command.requestId });
      this.#options.onAdmitted(admission.run, command, decision.job.description);
      this.#tell();
      return null;
    } catch (error) {
      return skip('store', errorText(error));
    }
  }

  /** What the PC is like is asked only where everything before that holds. */
  async #decide(plan: Plan, atMs: number): Promise<FireDecision> {
    const decision = decideFire(plan, this.#facts(plan, atMs));
    if (decision.kind !== 'skip' || decision.why !== 'requirement' || !hasConditions(plan)) return decision;
    const conditions = await this.#options.conditions(plan.require);
    const isStill = !this.#closed && this.#active.get(plan.id)?.plan === plan;
    return isStill ? decideFire(plan, { ...this.#facts(plan, atMs), conditions }) : { kind: 'not_due' };
  }

  #missed(plan: Plan, atMs: number): void {
    const facts = this.#facts(plan, atMs);
    // What would not have been fired anyhow was not missed; a schedule that catches up by itself misses nothing.
    const wasDue = decideFire(plan, { ...facts, running: false }).kind === 'fire' && plan.repeat.kind === 'always';
    if (wasDue) this.#skip(plan.id, 'missed', null, atMs);
  }

  #skip(id: string, why: SkipReason, note: string | null, atMs: number): void {
    this.#skips.note(id, why, note, atMs);
    this.#tell();
  }

  #tell(): void {
    this.#changes.set(this.#changes.value + 1);
  }

  #facts(plan: Plan, nowMs: number): FireFacts {
    const { book, store } = this.#options;
    return {
      nowMs,
      zone: this.#zoneOf(plan),
      frozen: book.isFrozen(nowMs, this.#options.zone()),
      job: book.job(plan.jobId),
      lastSuccess: this.lastSuccess(plan),
      running: store.scheduleRuns.isRunning(plan.id),
      cpuPercent: this.#options.cpuPercent(),
      conditions: NOT_KNOWN,
      scriptsEnabled: this.#options.scriptsEnabled(),
      admits: store.admits,
    };
  }

  #zoneOf(plan: Plan): string {
    return plan.zone === 'utc' ? 'UTC' : this.#options.zone();
  }

  #next(plan: Plan, afterMs: number): number | null {
    return nextTime(plan, this.lastSuccess(plan), afterMs, this.#zoneOf(plan));
  }

  #isOurs(entry: Entry | undefined): boolean {
    if (entry === undefined || !entry.read.ok || !this.isForThisPc(entry)) return false;
    return canFire(entry.read.plan, this.unsupported(entry.read.plan));
  }

  /** What follows is for those who show it. */

  isForThisPc({ target }: Entry): boolean {
    if (target === null || target.all || target.pcs.includes(this.#options.pcId)) return true;
    const groups = this.#options.groups();
    return groups !== null && target.groups.some((group) => groups.has(group));
  }

  /** What of the plan can't be told on this PC. */
  unsupported(plan: Plan): Unsupported {
    return unsupportedParts(plan, this.#options.senses);
  }

  lastSuccess(plan: Plan): LastSuccess | null {
    return lastSuccessOf(plan, this.#options.store.completions, this.#options.book.job(plan.jobId));
  }

  /** From now on, for all that is known. */
  nextMs(plan: Plan): number | null {
    return this.#next(plan, this.#options.clock.nowMs());
  }

  skipped(id: string): Skip | null {
    return this.#skips.get(id);
  }
}
