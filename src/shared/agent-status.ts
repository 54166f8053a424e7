/** The whole state of the agent at one moment, as one role may see it. All times are ms since the epoch. */
import { z } from 'zod';
import { REASONS } from './outcomes.ts';
import { runningRowSchema, runRowSchema } from './run-view.ts';
import { schedulesSummarySchema } from './schedules-view.ts';
import { AGENT_STATES, CONNECTION_STATES, HOSTINGS, UPDATE_STATES } from './states.ts';
import { UNDONE_REASONS, UPDATE_REASONS, UPDATE_WAITS } from './update-reasons.ts';

const timeMs = z.number();

/** One problem of the settings: where it is and what was expected there. */
export const configProblemSchema = z.object({
  file: z.string(),
  line: z.number().int().nullable(),
  key: z.string().nullable(),
  expected: z.string(),
});

export const STORE_STATES = ['ok', 'queue_full', 'read_only', 'full', 'quarantined', 'future'] as const;

/**
 * `wanted`: the version that IT wants; null: none said. `reason`: why it is none for this PC. `release`: what is signed about it,
 * once that was found to hold. `taking`: how far this PC is with it; absent where IT installs it. `undone`: why
 * the wanted version is not used here.
 */
export const updateViewSchema = z.object({
  state: z.enum(UPDATE_STATES),
  installed: z.string(),
  wanted: z.string().nullable(),
  reason: z.enum(UPDATE_REASONS).nullable(),
  release: z
    .object({ signedBy: z.array(z.string()), sizeBytes: z.int().min(0), createdAtMs: timeMs, expiresAtMs: timeMs })
    .nullable(),
  taking: z
    .object({
      doneBytes: z.int().min(0),
      waitsFor: z.enum(UPDATE_WAITS).nullable(),
      /** When it goes on; null: as soon as what it waits for is there. */
      notBeforeMs: timeMs.nullable(),
      /** The person may put it off until then; null: not now. */
      deferUntilMs: timeMs.nullable(),
      /** The person has put it off, also where IT's hours come later still. */
      putOff: z.boolean().optional(),
    })
    .optional(),
  undone: z.object({ version: z.string(), why: z.enum(UNDONE_REASONS), atMs: timeMs }).optional(),
});

/** One version that ran on this PC, or was to run. */
export const versionEntrySchema = z.object({
  version: z.string(),
  atMs: timeMs,
  outcome: z.enum(['ok', 'rolled_back']),
});

/** `history`: newest first. */
export const updateDetailSchema = updateViewSchema.extend({ history: z.array(versionEntrySchema) });
export type UpdateDetail = z.infer<typeof updateDetailSchema>;

export const UNDELIVERED_CAUSES = ['full', 'permission', 'no_answer'] as const;

/** What the agent knows of its own troubles; null: there is none. What names subjects, paths and reasons is for the helpdesk only. */
export const noticesSchema = z.object({
  /** What the broker's permissions keep from us. */
  forbidden: z
    .object({
      /** Nothing that a task needs is among them. */
      minor: z.boolean(),
      count: z.number().int(),
      /** The first of them. */
      subjects: z.array(z.string()).nullable(),
    })
    .nullable(),
  /** Results wait although there is a connection. */
  undelivered: z.object({ cause: z.enum(UNDELIVERED_CAUSES), why: z.string().nullable() }).nullable(),
  /** The clock of this PC was set within the last day; `byMs` > 0: forward. */
  clock: z.object({ byMs: z.number(), atMs: timeMs }).nullable(),
  /** The log can't be written into its file. */
  log: z.object({ path: z.string().nullable(), why: z.string().nullable() }).nullable(),
});

export const agentStatusSchema = z.object({
  agent: z.object({
    state: z.enum(AGENT_STATES),
    sinceMs: timeMs,
    /** `list` for the helpdesk and the host only. */
    faults: z.object({ count: z.number().int(), list: z.array(configProblemSchema).nullable() }),
  }),
  connection: z.object({
    state: z.enum(CONNECTION_STATES),
    sinceMs: timeMs,
    lastGoodAtMs: timeMs.nullable(),
    /** For the helpdesk only. */
    server: z.string().nullable(),
    /** Why there is no connection, in words of the log; for the helpdesk only. */
    why: z.string().nullable(),
  }),
  identity: z.object({
    pcId: z.string().nullable(),
    hostname: z.string(),
    /** null: not known yet. */
    groups: z.array(z.string()).nullable(),
    agentVersion: z.string(),
    contract: z.number().int(),
    hosting: z.enum(HOSTINGS),
  }),
  now: z.object({
    running: z.array(runningRowSchema),
    /** The first of those that wait, in order of arrival; `waitingCount` says how many wait. */
    waiting: z.array(runRowSchema),
    waitingCount: z.number().int(),
  }),
  /** How many of the runs received since midnight (of this PC) ended how. */
  today: z.partialRecord(z.enum(REASONS), z.number().int()),
  /** How many of those that failed, were stopped or are unknown IT does not know of yet. */
  todayUntold: z.number().int(),
  /** Results that still have to be delivered, and those that could not be; `others`: messages that are no results. */
  outbox: z.object({
    waiting: z.number().int(),
    parked: z.number().int(),
    /** null: an older agent, which does not say. */
    others: z.object({ waiting: z.number().int(), stuck: z.number().int() }).nullable().default(null),
  }),
  update: updateViewSchema,
  restartRequired: z.boolean(),
  /** `neededBytes`: so much more has to become free before new tasks are taken; null: that can't be told. Both of now while not `ok`. */
  disk: z.object({ ok: z.boolean(), freeBytes: z.number().nullable(), neededBytes: z.number().nullable() }),
  /** `readable` false: what is stored can't be read now, so the absence of runs, results and counts says nothing. */
  store: z.object({ state: z.enum(STORE_STATES), readable: z.boolean() }),
  /** Another live agent uses our pc_id. */
  secondAgentSeen: z.boolean(),
  notices: noticesSchema,
  /** What this PC fires by itself; null: an older agent, which fires nothing. */
  schedules: schedulesSummarySchema.nullable().default(null),
  /** For the helpdesk only. */
  counters: z.record(z.string(), z.number()).nullable(),
  helpdesk: z.object({
    /** There is a code, so the role can be gained here. */
    offered: z.boolean(),
    /** This connection holds the role by the code until then. */
    unlockedUntilMs: timeMs.nullable(),
  }),
});
export type AgentStatus = z.infer<typeof agentStatusSchema>;
export type Notices = z.infer<typeof noticesSchema>;
export type ConfigProblem = z.infer<typeof configProblemSchema>;
export type UpdateView = z.infer<typeof updateViewSchema>;
export type StoreHealth = (typeof STORE_STATES)[number];
