/**
 * Whether a plan fires at one of its times, in the order of protocol §6.5: a pure function of the plan and what is known.
 * Whether it is due at all comes first, so that a time at which nothing was to be done is not told as one that was left out.
 */
import { MAX_DATE_MS } from '../../shared/max-date.ts';
import type { SkipReason } from '../../shared/schedules-view.ts';
import type { Trigger } from '../wire/schedule.ts';
import { isInWindow, isWithin } from './bounds.ts';
import type { Tick } from './fired-command.ts';
import { wallTime } from './local-day.ts';
import type {
  Condition,
  Conditions,
  FireDecision,
  FireFacts,
  LastSuccess,
  Plan,
  Repeat,
  Unsupported,
} from './types.ts';

export function decideFire(plan: Plan, facts: FireFacts): FireDecision {
  const { nowMs, zone, job } = facts;
  if (!isDue(plan.repeat, facts.lastSuccess, nowMs)) return { kind: 'not_due' };
  // Where a success is all that is wanted, the run that goes on is the answer to this time too.
  if (facts.running && plan.repeat.kind !== 'always') return { kind: 'not_due' };
  if (facts.frozen) return skip('frozen');
  if (!isWithin(plan.active, nowMs, zone)) return skip('not_active');
  if (plan.window !== null && !isInWindow(plan.window, nowMs, zone)) return skip('outside_window');
  if (plan.skipDates.includes(wallTime(nowMs, zone).date)) return skip('skip_date');
  const unmet = unmetRequirement(plan, facts);
  if (unmet !== null) return skip('requirement', unmet);
  if (job.kind === 'missing') return skip('job_missing', `jobs.${plan.jobId} is not known here`);
  if (job.kind === 'unreadable') return skip('job_unreadable', `jobs.${plan.jobId}: ${job.why}`);
  if (!facts.scriptsEnabled) return skip('scripts_off');
  if (facts.running) return skip('still_running');
  if (!facts.admits) return skip('store');
  return { kind: 'fire', job: job.job };
}

function skip(why: SkipReason, note: string | null = null): FireDecision {
  return { kind: 'skip', why, note };
}

/**
 * A success in the future was stored by a clock that was wrong. Where it is further away than the pause itself, it says nothing;
 * else it is waited for, so that a clock that is put back a little fires nothing twice.
 */
export function isDue(repeat: Repeat, last: LastSuccess | null, nowMs: number): boolean {
  switch (repeat.kind) {
    case 'always':
      return true;
    case 'once':
      return last === null;
    case 'once_per_version':
      return last === null || !last.ofVersion;
    case 'every':
      return last === null || nowMs - last.atMs >= repeat.ms || last.atMs - nowMs > repeat.ms;
  }
}

/** The first time after `afterMs` at which it may be due; null: there is none, for all that is known now. */
export function nextTime(plan: Plan, last: LastSuccess | null, afterMs: number, zone: string): number | null {
  if (plan.times === null) return null;
  if (plan.repeat.kind !== 'every') {
    return isDue(plan.repeat, last, afterMs) ? plan.times.next(afterMs, zone) : null;
  }
  const pauseEndsMs = last === null || isDue(plan.repeat, last, afterMs) ? afterMs : last.atMs + plan.repeat.ms - 1;
  // Further away than a date goes.
  if (pauseEndsMs > MAX_DATE_MS) return null;
  return plan.times.next(Math.max(afterMs, pauseEndsMs), zone);
}

/** Whether the plan has this time (of its zone), or this event. */
export function hasTick(plan: Plan, { trigger, atMs }: Tick, zone: string): boolean {
  return trigger === null ? plan.times?.next(atMs - 1, zone) === atMs : plan.triggers.includes(trigger);
}

/** At a time that the schedule has no more. One that catches up by itself misses nothing. */
export function decideLost({ repeat }: Plan): FireDecision {
  return repeat.kind === 'always' ? skip('missed') : { kind: 'not_due' };
}

/** Of which nothing has been asked. */
export const NOT_KNOWN: Conditions = { acPower: null, idleMs: null, network: null };

/** Whether a plan asks for more than its load. */
export function hasConditions({ require }: Plan): boolean {
  return require.acPower || require.network || require.idleMs !== null;
}

/** What has to hold and does not, or is not known; null: all of it holds. */
function unmetRequirement({ require }: Plan, { cpuPercent, conditions }: FireFacts): string | null {
  const { acPower, idleMs, network } = conditions;
  if (require.acPower && acPower !== true) {
    return acPower === null ? 'ac_power: not known at present' : 'ac_power: the PC runs on its battery';
  }
  if (require.idleMs !== null && (idleMs === null || idleMs < require.idleMs)) {
    return idleMs === null ? 'idle: not known at present' : `idle: the PC was used ${Math.floor(idleMs / 1_000)} s ago`;
  }
  if (require.cpuBelow !== null && (cpuPercent === null || cpuPercent >= require.cpuBelow)) {
    return cpuPercent === null
      ? 'cpu_below: the load is not known yet'
      : `cpu_below: the load is ${Math.round(cpuPercent)} %`;
  }
  if (require.network && network !== true) {
    return network === null ? 'network: not known at present' : 'network: the Internet is not reached';
  }
  return null;
}

/** What this PC tells: events, beside its start, and what may be required of it, beside its load. */
export interface Senses {
  readonly triggers: ReadonlySet<Trigger>;
  readonly conditions: ReadonlySet<Condition>;
}

/** What of a plan this PC can't tell. */
export function unsupportedParts({ require, triggers }: Plan, senses: Senses): Unsupported {
  const wanted: readonly (readonly [boolean, Condition, string])[] = [
    [require.acPower, 'acPower', 'ac_power'],
    [require.idleMs !== null, 'idle', 'idle'],
    [require.network, 'network', 'network'],
  ];
  const gates = wanted.filter(([wants, condition]) => wants && !senses.conditions.has(condition));
  return {
    gates: gates.map(([, , name]) => `constraints.require.${name}`),
    triggers: triggers.filter((each) => each !== 'startup' && !senses.triggers.has(each)),
  };
}

/** A requirement that can't be told never holds; of several events one that is heard of is enough. */
export function canFire({ triggers }: Plan, unsupported: Unsupported): boolean {
  const deaf = triggers.length > 0 && unsupported.triggers.length === triggers.length;
  return unsupported.gates.length === 0 && !deaf;
}
