/**
 * Fires what is due. Nothing here waits for the network: what the fleet has said is in the book, what this PC has done is in the
 * store, and a fire is an admission like any other. It sleeps until the next time there is, wakes when the book changes, and
 * asks the wall clock at least every 30 s: a clock that was set, or a PC that has slept, is seen by that.
 */
import { drop } from '../../base/drop.ts';
import { errorText } from '../../base/logger.ts';
import { loopTurns } from '../../base/loop-turn.ts';
import { type Watched, WatchedCell } from '../../base/watched.ts';
import type { SkipReason } from '../../shared/schedules-view.ts';
import type { Trigger } from '../wire/schedule.ts';
import type { Book, Entry } from './book.ts';
import { hasTick } from './decide.ts';
import { timeTick } from './fired-command.ts';
import { Firing, type FiringOptions } from './firing.ts';
import { PendingFires } from './pending-fires.ts';
import { PlansHere } from './plans-here.ts';
import type { Refusals } from './refusals.ts';
import { type Skip, Skips } from './skips.ts';
import type { Plan } from './types.ts';
import { ZoneJumps } from './zone-jumps.ts';

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

export interface SchedulerOptions extends FiringOptions {
  readonly book: Pick<Book, 'entries' | 'job' | 'isFrozen'>;
  /** Asks the PC which zone it has now; what has changed comes as {@link Scheduler.zoneChanged}. */
  readonly checkZone: () => void;
  readonly refusals: Pick<Refusals, 'refuse'>;
}

/** A plan that is for this PC, and when it is checked next. */
interface Active {
  readonly entry: Entry;
  readonly plan: Plan;
  nextMs: number | null;
}

export class Scheduler {
  /** For those who show them, too. */
  readonly plans: PlansHere;
  readonly #options: SchedulerOptions;
  readonly #active = new Map<string, Active>();
  readonly #skips: Skips;
  readonly #firing: Firing;
  readonly #changes = new WatchedCell(0);
  #timer: NodeJS.Timeout | undefined;
  #begun = false;
  #closed = false;
  /** Of these, the fire for this start of the system is still to be decided; with the reason that was told of it last. */
  readonly #atStart = new Map<string, SkipReason | null>();
  #passedMs = Number.NEGATIVE_INFINITY;
  #zoneChanged = false;
  readonly #zoneJumps = new ZoneJumps();
  #pass: Promise<void> = Promise.resolve();
  readonly #fires = new PendingFires((name, error) => this.#couldNot(name, error));
  /** Something could not be read or written: it is checked again soon. */
  #failed = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.plans = new PlansHere(options);
    this.#skips = new Skips(options.store, options.log);
    this.#firing = new Firing(options, {
      plans: this.plans,
      skips: this.#skips,
      planNow: (id) => (this.#closed ? undefined : this.#active.get(id)?.plan),
      onDecided: () => this.#tell(),
    });
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

  /** When it is checked next; where that can't be told now, as it was. */
  #reckon(active: Active, nowMs: number): boolean {
    try {
      if (active.plan.zone !== 'utc') this.#zoneJumps.begin(this.#options.zone);
      active.nextMs = this.plans.nextMs(active.plan, nowMs);
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
      if (!this.plans.fires(this.#options.book.entries.get(id))) this.#active.delete(id);
    for (const [id, entry] of this.#options.book.entries) {
      if (!entry.read.ok || !this.plans.fires(entry)) {
        this.#active.delete(id);
        continue;
      }
      const { plan } = entry.read;
      const known = this.#active.get(id);
      if (known?.entry === entry) continue;
      const active: Active = { entry, plan, nextMs: null };
      const isReckoned = this.#reckon(active, nowMs);
      if (known !== undefined) this.#keepDue(known, active, nowMs);
      // One that can't be told now is new again with the next pass.
      if (isReckoned || active.nextMs !== null) this.#active.set(id, active);
      else this.#active.delete(id);
    }
    this.#skips.keepOnly(this.#options.book.entries);
    if (this.#begun) this.#refuseUnsupported(this.#options.book.entries.values());
    this.#tell();
    this.fireDueSoon();
  }

  /** What was due before an edit, and was not checked yet, is due by the schedule as it is now, or was missed. */
  #keepDue({ plan, nextMs: dueMs }: Active, active: Active, nowMs: number): void {
    if (!this.#begun || dueMs === null || dueMs > nowMs) return;
    const tick = timeTick(dueMs);
    if (hasTick(active.plan, tick, this.plans.zoneOf(active.plan))) active.nextMs = dueMs;
    else this.#fires.begin(`${plan.id} ${tick.name}`, async () => this.#firing.missed(plan, dueMs));
  }

  /** A job has come, has another version, or is gone. */
  jobChanged(id: string): void {
    const nowMs = this.#options.clock.nowMs();
    for (const active of this.#active.values()) {
      const { plan, nextMs } = active;
      // What is due is reckoned again when its time comes.
      const isDue = nextMs !== null && nextMs <= nowMs;
      if (plan.jobId === id && plan.repeat.kind === 'once_per_version' && !isDue) this.#reckon(active, nowMs);
    }
    const naming = [...this.#options.book.entries.values()].filter(({ read }) => read.ok && read.plan.jobId === id);
    if (this.#begun) this.#refuseUnsupported(naming);
    this.#tell();
    this.fireDueSoon();
  }

  /** The PC has another zone: each time of its own clock is another moment. */
  zoneChanged(): void {
    this.#zoneChanged = true;
    this.#tell();
    this.fireDueSoon();
  }

  #refuseUnsupported(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      if (!entry.read.ok || !this.plans.isForThisPc(entry)) continue;
      const { plan } = entry.read;
      const job = this.#options.book.job(plan.jobId);
      if (job.kind === 'known') this.#options.refusals.refuse(plan, job.job, this.plans.unsupported(plan));
    }
  }

  /**
   * All schedules have been read again: what was to be fired for this start of the system is fired now (protocol §6.5), or as soon as
   * all is here that it takes: its job, the groups of this PC, room in the store.
   */
  reloaded(): void {
    for (const [id, { read }] of this.#options.book.entries)
      if (read.ok && read.plan.triggers.includes('startup')) this.#atStart.set(id, this.#atStart.get(id) ?? null);
    this.fireDueSoon();
  }

  /** An event of this PC; resolves when what it fires is in the store. */
  async occurred(trigger: Trigger): Promise<void> {
    if (!this.#begun || this.#closed) return;
    const atMs = this.#options.clock.nowMs();
    const turn = loopTurns(STEP_MS);
    for (const { plan } of this.#active.values()) {
      if (!plan.triggers.includes(trigger)) continue;
      const tick = { name: `${trigger}:${atMs}`, trigger, atMs };
      this.#fires.begin(`${plan.id} ${tick.name}`, () => this.#firing.fire(plan, tick, null));
      await turn();
    }
    await this.#fires.settled();
  }

  /** It is checked again soon. */
  #couldNot(what: string, error: unknown): void {
    this.#failed = true;
    this.#options.log.warn('a schedule could not be looked at', { what, error: errorText(error) });
  }

  fireDueSoon(): void {
    this.#arm(0);
  }

  #arm(inMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#begun || this.#closed) return;
    this.#timer = setTimeout(() => drop(this.fireDue(), this.#options.log, 'looking what is due'), Math.max(0, inMs));
  }

  /** Fires what is due now; resolves when that is in the store. One pass at a time; none waits for what a fire still has to ask. */
  fireDue(): Promise<void> {
    this.#pass = this.#pass
      .then(() => this.#fireDue())
      .catch((error: unknown) => {
        this.#options.log.error('what is due could not be looked at', { error: errorText(error) });
        this.#arm(AGAIN_MS);
      });
    return this.#pass.then(() => this.#fires.settled());
  }

  async #fireDue(): Promise<void> {
    if (!this.#begun || this.#closed) return;
    this.#options.checkZone();
    const isElsewhere = this.#zoneChanged;
    this.#zoneChanged = false;
    const nowMs = this.#options.clock.nowMs();
    const jumpedFromMs = isElsewhere ? this.#zoneJumps.changed(this.#options.zone(), nowMs) : nowMs;
    const wasSetBack = nowMs < this.#passedMs - BACK_MS;
    this.#passedMs = nowMs;
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
      const isDue = !wasSetBack && nextMs !== null && nextMs <= nowMs;
      if (!isDue && !wasSetBack && !isElsewhere) continue;
      // First, so that one which can't be told at present is checked once more.
      const isReckoned = this.#reckon(active, nowMs);
      if (!isReckoned && isElsewhere) this.#zoneChanged = true;
      const dueMs = isDue || !isReckoned ? nextMs : this.plans.jumpedOverMs(plan, jumpedFromMs, nowMs);
      if (isReckoned && dueMs !== null) this.#due(plan, dueMs, nowMs);
      await turn();
    }
    const next = Math.min(...[...this.#active.values()].map(({ nextMs: each }) => each ?? Number.POSITIVE_INFINITY));
    const sleepMs = this.#failed ? AGAIN_MS : Math.min(next - this.#options.clock.nowMs(), LONGEST_SLEEP_MS);
    if (this.#active.size > 0 || this.#failed) this.#arm(sleepMs);
  }

  #due(plan: Plan, atMs: number, nowMs: number): void {
    const tick = timeTick(atMs);
    this.#fires.begin(`${plan.id} ${tick.name}`, async () =>
      nowMs - atMs > LATE_MS ? this.#firing.missed(plan, atMs) : this.#firing.fire(plan, tick, null),
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
        : await this.#firing.fire(plan, { name: `startup:${boot}`, trigger: 'startup', atMs: nowMs }, boot, told);
    if (left !== null && MAY_PASS.has(left)) this.#atStart.set(id, left);
    // Else its groups, or what is read of it, have gone meanwhile, and may come again.
    else if (this.#active.has(id)) this.#atStart.delete(id);
  }

  #tell(): void {
    this.#changes.set(this.#changes.value + 1);
  }

  skipped(id: string): Skip | null {
    return this.#skips.get(id);
  }
}
