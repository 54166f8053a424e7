/** The schedules that this PC fires itself, as they are shown. All times are ms since the epoch. */
import { z } from 'zod';
import { runIdSchema } from './id-schemas.ts';
import { REASONS } from './outcomes.ts';
import { RUN_STATES } from './states.ts';

/**
 * `waiting`: `nextAtMs` says until when, or an event of the PC is waited for. `running`: a run of it has not ended; the next one
 * begins after it. `done`: it has succeeded as often as it is to. `over`: it has no further time. `not_understood`: it is skipped.
 */
export const SCHEDULE_STATES = ['waiting', 'running', 'done', 'over', 'not_understood'] as const;
export type ScheduleState = (typeof SCHEDULE_STATES)[number];

/** Why a time at which a schedule was due went by without a run. */
export const SKIP_REASONS = [
  'frozen',
  'not_active',
  'outside_window',
  'skip_date',
  'requirement',
  'job_missing',
  'job_unreadable',
  'still_running',
  'missed',
  'scripts_off',
  'store',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

const timeMs = z.number();

export const scheduleRowSchema = z.object({
  title: z.union([
    z.object({ kind: z.literal('text'), text: z.string() }),
    z.object({ kind: z.enum(['direct', 'none', 'hidden']) }),
  ]),
  state: z.enum(SCHEDULE_STATES),
  nextAtMs: timeMs.nullable(),
  /** Its newest run. */
  last: z
    .object({
      run: runIdSchema,
      state: z.enum(RUN_STATES),
      reason: z.enum(REASONS).nullable(),
      exitCode: z.number().int().nullable(),
      atMs: timeMs,
    })
    .nullable(),
  /** The newest fire that was left out, and how many there were in a row since the last run. */
  skipped: z.object({ why: z.enum(SKIP_REASONS), atMs: timeMs, count: z.number().int() }).nullable(),
  /** For the helpdesk only. */
  internals: z
    .object({
      id: z.string(),
      jobId: z.string().nullable(),
      /** When it fires, in the words of its document. */
      when: z.string().nullable(),
      /** What can't be understood, or what the newest skipped fire has to say. */
      note: z.string().nullable(),
    })
    .nullable(),
});
export type ScheduleRow = z.infer<typeof scheduleRowSchema>;

/** `count`: all of this PC. `notUnderstood` of them are skipped for good. */
export const schedulesSummarySchema = z.object({
  count: z.number().int(),
  notUnderstood: z.number().int(),
  nextAtMs: timeMs.nullable(),
  /** IT holds back all schedules at present. */
  frozen: z.boolean(),
});
export type SchedulesSummary = z.infer<typeof schedulesSummarySchema>;
