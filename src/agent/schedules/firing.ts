/**
 * One fire of a plan: decided by what is known, admitted like any other command, or left out with its reason. Nothing here waits for the
 * network.
 */
import { errorText, type Logger } from '../../base/logger.ts';
import type { RunId } from '../../shared/ids.ts';
import type { SkipReason } from '../../shared/schedules-view.ts';
import type { Store } from '../store/store.ts';
import type { Command } from '../wire/command.ts';
import type { Book } from './book.ts';
import { decideFire, decideLost, hasConditions, hasTick, NOT_KNOWN } from './decide.ts';
import { arrivalOf, commandOf, type Tick } from './fired-command.ts';
import type { PlansHere, PlansHereOptions } from './plans-here.ts';
import type { Skips } from './skips.ts';
import type { Conditions, FireDecision, FireFacts, Plan, Requirements } from './types.ts';

export interface FiringOptions extends PlansHereOptions {
  readonly book: Pick<Book, 'job' | 'isFrozen'>;
  readonly store: Store;
  readonly scriptsEnabled: () => boolean;
  readonly cpuPercent: () => number | null;
  readonly serverNowMs: () => number | null;
  /** What it is like now, as far as `require` asks for it; never rejects. */
  readonly conditions: (require: Requirements) => Promise<Conditions>;
  readonly log: Logger;
  /** A row that is to be run was committed. */
  readonly onAdmitted: (run: RunId, command: Command, description: string | null) => void;
}

export interface FiringParts {
  readonly plans: PlansHere;
  readonly skips: Skips;
  /** As it is by now: what the PC is like may take its time to tell. undefined: it counts no more. */
  readonly planNow: (id: string) => Plan | undefined;
  /** It was fired, or left out. */
  readonly onDecided: () => void;
}

export class Firing {
  readonly #options: FiringOptions;
  readonly #parts: FiringParts;

  constructor(options: FiringOptions, parts: FiringParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /**
   * Why it was left out; null: it was not, or nothing was to be done. `boot`: it is the fire for this start of the system. What was
   * `told` before is not told again.
   */
  async fire(due: Plan, tick: Tick, boot: string | null, told: SkipReason | null = null): Promise<SkipReason | null> {
    const { clock, store, log, pcId } = this.#options;
    const skip = (why: SkipReason, note: string | null = null) => {
      if (why !== told) this.#skip(due.id, why, note, tick.atMs);
      return why;
    };
    try {
      const { plan, decision } = await this.#decide(due, tick);
      if (decision.kind === 'not_due') return null;
      if (decision.kind === 'skip') return skip(decision.why, decision.note);
      const command = commandOf(pcId, plan, decision.job, tick);
      const at = { receivedAtMs: clock.nowMs(), serverAtMs: this.#options.serverNowMs() };
      const admission = await store.runs.admitFire(arrivalOf(command, plan.id, at), { scheduleId: plan.id, boot });
      if (admission.kind === 'still_running') return skip('still_running');
      if (admission.kind === 'fired_before') return null;
      this.#parts.skips.forget(plan.id);
      log.info('a schedule fires', { schedule: plan.id, job: command.id, request_id: command.requestId });
      this.#options.onAdmitted(admission.run, command, decision.job.description);
      this.#parts.onDecided();
      return null;
    } catch (error) {
      return skip('store', errorText(error));
    }
  }

  /** The time went by while nothing ran. What would not have been fired anyhow, or catches up by itself, was not missed. */
  missed(plan: Plan, atMs: number): void {
    const facts = this.#facts(plan, atMs);
    const wasDue = decideFire(plan, { ...facts, running: false }).kind === 'fire' && plan.repeat.kind === 'always';
    if (wasDue) this.#skip(plan.id, 'missed', null, atMs);
  }

  /**
   * What the PC is like is asked only where everything before that holds. The schedule may be edited meanwhile: what counts is the
   * plan that it has then, if this is a time, or an event, of that one as well.
   */
  async #decide(due: Plan, tick: Tick): Promise<{ readonly plan: Plan; readonly decision: FireDecision }> {
    let plan = due;
    let conditions: Conditions = NOT_KNOWN;
    let askedFor: Plan | null = null;
    for (;;) {
      const decision = decideFire(plan, { ...this.#facts(plan, tick.atMs), conditions });
      const isUnmet = decision.kind === 'skip' && decision.why === 'requirement';
      if (!isUnmet || !hasConditions(plan) || askedFor === plan) return { plan, decision };
      const told = await this.#options.conditions(plan.require);
      askedFor = plan;
      const now = this.#parts.planNow(plan.id);
      if (now === undefined) return { plan, decision: { kind: 'not_due' } };
      const isLost = now !== plan && !hasTick(now, tick, this.#parts.plans.zoneOf(now));
      if (isLost) return { plan, decision: decideLost(due) };
      conditions = now === plan ? told : NOT_KNOWN;
      plan = now;
    }
  }

  #skip(id: string, why: SkipReason, note: string | null, atMs: number): void {
    this.#parts.skips.note(id, why, note, atMs);
    this.#parts.onDecided();
  }

  #facts(plan: Plan, nowMs: number): FireFacts {
    const { book, store } = this.#options;
    return {
      nowMs,
      zone: this.#parts.plans.zoneOf(plan),
      frozen: book.isFrozen(nowMs, this.#options.zone()),
      job: book.job(plan.jobId),
      lastSuccess: this.#parts.plans.lastSuccess(plan),
      running: store.scheduleRuns.isRunning(plan.id),
      cpuPercent: this.#options.cpuPercent(),
      conditions: NOT_KNOWN,
      scriptsEnabled: this.#options.scriptsEnabled(),
      admits: store.admits,
    };
  }
}
