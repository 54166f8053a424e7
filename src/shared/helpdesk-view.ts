/** What the helpdesk's screen shows beside the state: of this PC's past, and of its settings. All times are ms since the epoch. */
import { z } from 'zod';
import { OUTCOMES, REASONS, type Reason } from './outcomes.ts';
import { runTitleSchema } from './run-view.ts';
import { SETTING_UNITS } from './setting.ts';
import { CONNECTION_STATES } from './states.ts';

const timeMs = z.number();

/** How far back failures are counted, and how long the line of the connection is at most. */
export const LOOK_BACK_MS = 7 * 86_400_000;
export const MAX_FAILURE_KINDS = 50;
export const MAX_LINK_SPANS = 1_000;
export const MAX_PARKED_ROWS = 100;
export const MAX_LOG_LINES = 200;

/** IT's own hand is none of them, and neither is a gate that did its work. */
export const FAILURES: readonly Reason[] = REASONS.filter(
  (reason) => reason !== 'DONE' && reason !== 'KILLED' && reason !== 'KILLED_WAITING' && !OUTCOMES[reason].skipped,
);

/** What went wrong since `sinceMs`, by task and reason, what happened most often first. */
export const failuresSchema = z.object({
  sinceMs: timeMs,
  rows: z.array(
    z.object({
      title: runTitleSchema,
      manifestId: z.string().nullable(),
      reason: z.enum(REASONS),
      count: z.number().int(),
      /** The number of the last one, and when that ended. */
      lastRun: z.number().int(),
      lastAtMs: timeMs,
    }),
  ),
  /** How many kinds there are; `rows` may be fewer. */
  kinds: z.number().int(),
});
export type Failures = z.infer<typeof failuresSchema>;

/** How the link to the broker was, newest first. Of the time between two spans nothing is known. */
export const linkHistorySchema = z.object({
  /** When the agent said so. */
  nowMs: timeMs,
  spans: z.array(
    z.object({ state: z.enum(CONNECTION_STATES), why: z.string().nullable(), fromMs: timeMs, untilMs: timeMs }),
  ),
});
export type LinkHistoryView = z.infer<typeof linkHistorySchema>;

/** Results that could not be delivered, those of the last time first. */
export const parkedSchema = z.object({
  total: z.number().int(),
  rows: z.array(
    z.object({
      resultId: z.string(),
      /** null: of a run that is no longer kept, or that this PC never had. */
      run: z.number().int().nullable(),
      title: runTitleSchema.nullable(),
      attempts: z.number().int(),
      parkedAtMs: timeMs,
      why: z.string(),
    }),
  ),
});
export type Parked = z.infer<typeof parkedSchema>;

/** The end of the newest log file, oldest line first. */
export const logEndSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('lines'), path: z.string(), lines: z.array(z.string()) }),
  /** No log file is kept on this PC. */
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('unread'), path: z.string(), why: z.string() }),
]);
export type LogEnd = z.infer<typeof logEndSchema>;

/** A value of a setting, for who puts it into words. A secret has none. */
export const settingMeaningSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('text'), text: z.string() }),
  z.object({ kind: z.literal('switch'), on: z.boolean() }),
  z.object({ kind: z.literal('amount'), amount: z.number(), unit: z.enum(SETTING_UNITS) }),
  z.object({ kind: z.literal('secret') }),
]);
export type SettingMeaning = z.infer<typeof settingMeaningSchema>;
