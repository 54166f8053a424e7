/** Runs as the window, the command line and the tray see them. All times are ms since the epoch. */
import { z } from 'zod';
import { runIdSchema } from './id-schemas.ts';
import { OUTCOME_GROUPS } from './outcome-group-names.ts';
import { REASONS } from './outcomes.ts';
import { MAX_OUTPUT_ROWS } from './output-limits.ts';
import { SIGNATURE_STATES } from './signatures.ts';
import { RUN_STATES, SOURCES } from './states.ts';
import { TITLE_WORDS } from './title-words.ts';

const timeMs = z.number();

export const runTitleSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: z.string() }),
  z.object({ kind: z.literal('direct') }),
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('hidden') }),
]);

/** What everybody at the PC may see of a run that is shown to them. */
export const runRowSchema = z.object({
  /** Number of the run on this PC, ascending in order of arrival. */
  run: runIdSchema,
  title: runTitleSchema,
  source: z.enum(SOURCES),
  /** True where it runs as the person who is signed in. */
  asUser: z.boolean(),
  state: z.enum(RUN_STATES),
  reason: z.enum(REASONS).nullable(),
  exitCode: z.number().int().nullable(),
  receivedAtMs: timeMs,
  notBeforeMs: timeMs.nullable(),
  startedAtMs: timeMs.nullable(),
  finishedAtMs: timeMs.nullable(),
  deliveredAtMs: timeMs.nullable(),
  timeoutSecs: z.number().nullable(),
  /** Its result could not be delivered and is kept here (STUCK_RESULT). */
  parked: z.boolean(),
  /** It is finished and there is no result to deliver: nothing can be, or IT wants none (architecture §3). */
  unreported: z.boolean(),
});
export type RunRow = z.infer<typeof runRowSchema>;

export const runningRowSchema = runRowSchema.extend({
  /** How long it takes mostly, by its earlier runs; null: not known. */
  usualMs: z.number().nullable(),
  /** It was sent with an id by which IT can stop it (protocol §1.3); absent: the agent is of a release that does not say. */
  stoppable: z.boolean().optional(),
});
/** One that runs. */
export type RunningRow = z.infer<typeof runningRowSchema>;

/** How much there is of an output: at most `keptChars` are stored, `totalBytes` were produced. */
export const outputSizeSchema = z.object({
  keptChars: z.number().int(),
  totalBytes: z.number().int(),
  cut: z.boolean(),
});

/** What needs the helpdesk role. */
export const runInternalsSchema = z.object({
  requestId: z.string().nullable(),
  resultId: z.string().nullable(),
  execId: z.string().nullable(),
  manifestId: z.string().nullable(),
  version: z.string().nullable(),
  subject: z.string(),
  shell: z.string().nullable(),
  runAs: z.string().nullable(),
  runAsUser: z.string().nullable(),
  /** One line that says more than the reason does. */
  detail: z.string().nullable(),
  /** What the gates saw, by name; null where they were not asked. */
  gates: z.record(z.string(), z.unknown()).nullable(),
  parkedWhy: z.string().nullable(),
});

/** For whom it was sent, as far as the wire says it: it carries no sender. `other`: nothing that we know. */
export const audienceSchema = z.discriminatedUnion('to', [
  z.object({ to: z.enum(['all', 'pc', 'schedule', 'other']) }),
  z.object({ to: z.literal('group'), group: z.string() }),
]);

export const MAX_SAME_ROWS = 10;

export const runDetailSchema = runningRowSchema.extend({
  audience: audienceSchema,
  /** The newest other runs of the same task, newest first; empty where it has none, or its name is hidden. */
  same: z.array(runRowSchema).max(MAX_SAME_ROWS),
  decidedAtMs: timeMs.nullable(),
  /** The last moment at which it might start, where IT set one. */
  deadlineAtMs: timeMs.nullable(),
  /** How old this PC's view of the fleet was when it was decided; null: not looked at, or never connected. */
  viewAgeMs: z.number().nullable(),
  /** What was found of its signature, and the key that it names; null: not checked. */
  signature: z
    .object({ state: z.enum(SIGNATURE_STATES), kid: z.string().nullable() })
    .nullable()
    .default(null),
  internals: runInternalsSchema.nullable(),
  /** For the helpdesk, and where a policy shows it to the person too; null: not for these eyes. */
  output: z.object({ stdout: outputSizeSchema, stderr: outputSizeSchema }).nullable(),
});
export type RunDetail = z.infer<typeof runDetailSchema>;
export type RunInternals = z.infer<typeof runInternalsSchema>;
export type OutputSize = z.infer<typeof outputSizeSchema>;

export const MAX_PAGE_ROWS = 500;

/** Conditions on runs, which hold together. */
export const runConditions = {
  /** Received at or after; with `toMs` one day, or any range. */
  fromMs: timeMs.optional(),
  /** Received before. */
  toMs: timeMs.optional(),
  /** Part of the name; for the helpdesk also of ids and output. */
  search: z.string().max(200).optional(),
  /** Words of the window's language, in or for a name, that the search is a part of: runs named with them fit too. */
  shownAs: z.array(z.enum(TITLE_WORDS)).max(TITLE_WORDS.length).optional(),
};

/** Newest first, `limit` rows, going on after `beforeRun`. */
export const runsQuerySchema = z.strictObject({
  ...runConditions,
  group: z.enum(OUTCOME_GROUPS).optional(),
  reasons: z.array(z.enum(REASONS)).min(1).max(REASONS.length).optional(),
  /** Begins the list with what was received at or before this moment; `total` counts the newer ones too. */
  startAtMs: timeMs.optional(),
  /** Only runs that arrived later than this one. */
  afterRun: z.number().int().min(0).optional(),
  beforeRun: z.number().int().min(1).optional(),
  /** Leaves out this many rows first: any place of a long list, counted from `beforeRun`. */
  skip: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(MAX_PAGE_ROWS).default(100),
});

export const runsPageSchema = z.object({
  rows: z.array(runRowSchema),
  /** `beforeRun` of the next page; null: there is none. */
  nextBeforeRun: z.number().int().nullable(),
  /** The place of the first row among all that the conditions hold for, counted from `beforeRun`. */
  firstIndex: z.number().int(),
  /** How many the conditions hold for, and how many there are; on a first page only (no `beforeRun`). */
  total: z.object({ matching: z.number().int(), all: z.number().int() }).nullable(),
});
export type RunsPage = z.infer<typeof runsPageSchema>;

export const MAX_OUTPUT_CHARS = 256 * 1024;

/** `stream: script` is what was run, for the helpdesk only. Offsets and limits count UTF-16 units of the stored text. */
export const runOutputQuerySchema = z.strictObject({
  run: runIdSchema,
  stream: z.enum(['stdout', 'stderr', 'script']),
  offsetChars: z.number().int().min(0).default(0),
  limitChars: z.number().int().min(1).max(MAX_OUTPUT_CHARS).default(MAX_OUTPUT_CHARS),
});

export const runOutputSchema = z.object({
  text: z.string(),
  /** Where to go on; null at the end. May come before `limitChars` is reached: an answer has a largest size. */
  nextOffsetChars: z.number().int().nullable(),
  size: outputSizeSchema,
});

const stream = z.enum(['stdout', 'stderr', 'script']);

export const outputRowsQuerySchema = z.strictObject({
  run: runIdSchema,
  stream,
  fromRow: z.number().int().min(0).default(0),
  count: z.number().int().min(0).max(MAX_OUTPUT_ROWS).default(MAX_OUTPUT_ROWS),
});

/** As a screen shows them (`readableText`). There may be fewer than were asked for: an answer has a largest size. */
export const outputRowsSchema = z.object({
  rows: z.array(z.string()),
  totalRows: z.number().int(),
  size: outputSizeSchema,
});

export const outputSearchQuerySchema = z.strictObject({
  run: runIdSchema,
  stream,
  search: z.string().min(1).max(200),
});

/** In the same rows: how often in the whole output, and the first `MAX_OUTPUT_PLACES`; columns in UTF-16 units. */
export const outputFoundSchema = z.object({
  total: z.number().int(),
  places: z.array(z.object({ row: z.number().int(), column: z.number().int() })),
});
export type OutputFound = z.infer<typeof outputFoundSchema>;

/** The end of what a running script has written so far. */
export const runTailSchema = z.object({
  running: z.boolean(),
  stdout: z.string(),
  stderr: z.string(),
  /** Earlier output is left out. */
  stdoutCut: z.boolean(),
  stderrCut: z.boolean(),
});
export type RunTail = z.infer<typeof runTailSchema>;
