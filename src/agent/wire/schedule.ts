/**
 * A schedule of the bucket `schedules`, of either generation: `cron` with a mode (protocol §3.7), or `when` (protocol-101 §12.1).
 * Unknown fields are ignored. One that can't be read says whether it is ours to read at all: the backend's own are none of ours.
 */
import { type Decoded, decodeObject, type FieldReader } from './fields.ts';

export const TRIGGERS = ['startup', 'logon', 'lock', 'unlock', 'network_change'] as const;
export type Trigger = (typeof TRIGGERS)[number];

export interface Target {
  readonly all: boolean;
  readonly pcs: readonly string[];
  readonly groups: readonly string[];
}

/** Durations and times are texts, as they stand there. */
export type When =
  | { readonly kind: 'cron'; readonly expression: string; readonly once: boolean; readonly cooldown: string | null }
  | { readonly kind: 'per_pc'; readonly repeat: 'once' | 'once_per_version' }
  | { readonly kind: 'per_pc'; readonly repeat: 'every'; readonly every: string }
  | { readonly kind: 'calendar'; readonly at: string; readonly days: readonly string[] }
  | { readonly kind: 'on'; readonly triggers: readonly Trigger[] };

export interface Require {
  readonly acPower: boolean;
  readonly idle: string | null;
  readonly cpuBelow: number | null;
  readonly network: boolean;
}

export interface ScheduleDocument {
  readonly jobId: string;
  readonly when: When;
  readonly target: Target;
  readonly jitter: string | null;
  readonly active: { readonly from: string | null; readonly until: string | null };
  readonly window: string | null;
  readonly skipDates: readonly string[];
  readonly maxConcurrent: boolean;
  readonly require: Require;
  readonly retry: { readonly max: number; readonly backoff: string } | null;
  readonly tz: 'local' | 'utc';
  readonly startingDeadline: string | null;
  readonly rollout: boolean;
}

/** For which PCs, by whom and whether at all: what is asked of a document first. */
export interface ScheduleHead {
  readonly runsOn: 'backend' | 'agent';
  readonly enabled: boolean;
  /** null: it can't be read. */
  readonly target: Target | null;
}
