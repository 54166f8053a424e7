/**
 * What the parts of this folder hand one another. Documents of both generations become one {@link Plan}; what is due is a pure
 * function of a plan and {@link FireFacts} (`decide.ts`), and only `scheduler.ts` knows a clock.
 */
import type { SkipReason } from '../../shared/schedules-view.ts';
import type { Job } from '../wire/job.ts';
import type { Require, Target, Trigger } from '../wire/schedule.ts';

/** The times of a cron expression. */
export interface Occurrences {
  /** The first one after `afterMs`, ms since the epoch, in the zone (IANA name); null: there is none. */
  next(afterMs: number, zone: string): number | null;
}

/** How often a schedule is to succeed. */
export type Repeat =
  | { readonly kind: 'always' }
  | { readonly kind: 'once' }
  | { readonly kind: 'once_per_version' }
  | { readonly kind: 'every'; readonly ms: number };

/** A part of the day in minutes since midnight; over midnight where it ends before it begins. */
export interface DayWindow {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** A moment of a document: a day begins at midnight of the schedule's own zone. */
export type Bound =
  | { readonly kind: 'day'; readonly date: string }
  | { readonly kind: 'moment'; readonly atMs: number };

export interface Period {
  readonly from: Bound | null;
  readonly until: Bound | null;
}

/** What the PC is to be like at a time. */
export type Requirements = Omit<Require, 'idle'> & { readonly idleMs: number | null };

/** What can be told of that, beside the load; null: it is not known. */
export interface Conditions {
  /** Runs on mains. */
  readonly acPower: boolean | null;
  /** Since the person at the screen has last used it, ms; Infinity: nobody is there. */
  readonly idleMs: number | null;
  readonly network: boolean | null;
}
export type Condition = 'acPower' | 'idle' | 'network';

/** A schedule that was understood, with everything in it read. */
export interface Plan {
  readonly id: string;
  readonly jobId: string;
  readonly target: Target;
  /** When it fires, for the helpdesk. */
  readonly text: string;
  /** null: it is fired by `triggers` alone. */
  readonly times: Occurrences | null;
  readonly triggers: readonly Trigger[];
  readonly zone: 'local' | 'utc';
  readonly repeat: Repeat;
  /** A success of the job counts whatever had started it (0.101). */
  readonly anyTrigger: boolean;
  readonly jitterSecs: number | null;
  readonly active: Period;
  readonly window: DayWindow | null;
  readonly skipDates: readonly string[];
  readonly require: Requirements;
  readonly retry: { readonly max: number; readonly backoffSecs: number } | null;
  readonly startingDeadlineMs: number | null;
}

/** What of a plan can't be told on this PC; names as they stand in the document. */
export interface Unsupported {
  readonly gates: readonly string[];
  readonly triggers: readonly string[];
}

/** What a schedule's document came to. */
export type Read = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly why: string };

export type JobState =
  | { readonly kind: 'known'; readonly job: Job }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly why: string };

export interface LastSuccess {
  readonly atMs: number;
  /** The version in which the job has succeeded is the present one. */
  readonly ofVersion: boolean;
}

/** Everything that decides whether a plan fires at one of its times. */
export interface FireFacts {
  readonly nowMs: number;
  /** The IANA name of the schedule's own zone. */
  readonly zone: string;
  readonly frozen: boolean;
  readonly job: JobState;
  readonly lastSuccess: LastSuccess | null;
  readonly running: boolean;
  /** Of the whole PC, 0 to 100; null: not known (yet). */
  readonly cpuPercent: number | null;
  readonly conditions: Conditions;
  readonly scriptsEnabled: boolean;
  readonly admits: boolean;
}

/** `not_due`: nothing was to be done, so nothing was left out. */
export type FireDecision =
  | { readonly kind: 'fire'; readonly job: Job }
  | { readonly kind: 'not_due' }
  | { readonly kind: 'skip'; readonly why: SkipReason; readonly note: string | null };
