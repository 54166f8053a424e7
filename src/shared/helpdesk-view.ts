/** What the helpdesk's screen shows beside the state: of this PC's past, and of its settings. All times are ms since the epoch. */
import { z } from 'zod';
import { runIdSchema } from './id-schemas.ts';
import { OUTBOX_KINDS } from './outbox-kinds.ts';
import { REASONS } from './outcomes.ts';
import { runTitleSchema } from './run-view.ts';
import { SETTING_UNITS } from './setting.ts';
import { CONNECTION_STATES } from './states.ts';

const timeMs = z.number();

/** What went wrong in the last seven days (`LOOK_BACK_MS`), by task and reason, what happened most often first. */
export const failuresSchema = z.object({
  /** Only what came since then is counted, for there is very much; null: all of it. */
  sinceMs: timeMs.nullable(),
  rows: z.array(
    z.object({
      title: runTitleSchema,
      manifestId: z.string().nullable(),
      reason: z.enum(REASONS),
      count: z.number().int(),
      /** The number of the last one, and when that ended. */
      lastRun: runIdSchema,
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

/** What could not be delivered: results, then the others, those of the last time first. `total` counts all. */
export const parkedSchema = z.object({
  total: z.number().int(),
  rows: z.array(
    z.object({
      kind: z.enum(OUTBOX_KINDS).default('result'),
      /** Its id within the kind. */
      resultId: z.string(),
      /** null: of a run that is no longer kept, or that this PC never had. */
      run: runIdSchema.nullable(),
      title: runTitleSchema.nullable(),
      attempts: z.number().int(),
      /** Of what is no result and still tried: since when it waits. */
      parkedAtMs: timeMs,
      /** Why the last try came to nothing. */
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
