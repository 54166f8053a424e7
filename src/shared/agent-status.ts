/** The whole state of the agent at one moment, as one role may see it. All times are ms since the epoch. */
import { z } from 'zod';
import { runRowSchema } from './run-view.ts';
import { AGENT_STATES, CONNECTION_STATES, REASONS, UPDATE_STATES } from './states.ts';

const timeMs = z.number();

/** One fault of the settings: where it is and what was expected there. */
export const configFaultSchema = z.object({
  file: z.string(),
  line: z.number().int().nullable(),
  key: z.string().nullable(),
  expected: z.string(),
});

export const STORE_STATES = ['ok', 'read_only', 'full', 'quarantined', 'future'] as const;
export const HOSTINGS = ['tray', 'service', 'headless'] as const;

/** `wanted`: the version that IT wants; null: none said. */
export const updateViewSchema = z.object({
  state: z.enum(UPDATE_STATES),
  installed: z.string(),
  wanted: z.string().nullable(),
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

export const agentStatusSchema = z.object({
  agent: z.object({
    state: z.enum(AGENT_STATES),
    sinceMs: timeMs,
    /** `list` for the helpdesk and the host only. */
    faults: z.object({ count: z.number().int(), list: z.array(configFaultSchema).nullable() }),
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
    running: z.array(runRowSchema),
    /** The first of those that wait, in order of arrival; `waitingCount` says how many wait. */
    waiting: z.array(runRowSchema),
    waitingCount: z.number().int(),
  }),
  /** How many of the runs received since midnight (of this PC) ended how. */
  today: z.partialRecord(z.enum(REASONS), z.number().int()),
  /** Results that still have to be delivered, and those that could not be. */
  outbox: z.object({ waiting: z.number().int(), parked: z.number().int() }),
  update: updateViewSchema,
  restartRequired: z.boolean(),
  disk: z.object({ ok: z.boolean(), freeBytes: z.number().nullable() }),
  store: z.object({ state: z.enum(STORE_STATES) }),
  /** Another live agent uses our pc_id. */
  secondAgentSeen: z.boolean(),
  /** For the helpdesk only. */
  counters: z.record(z.string(), z.number()).nullable(),
  helpdesk: z.object({
    /** There is a code, so the role can be had here. */
    offered: z.boolean(),
    /** This connection holds the role by the code until then. */
    unlockedUntilMs: timeMs.nullable(),
  }),
});
export type AgentStatus = z.infer<typeof agentStatusSchema>;
export type ConfigFault = z.infer<typeof configFaultSchema>;
export type UpdateView = z.infer<typeof updateViewSchema>;
export type StoreHealth = (typeof STORE_STATES)[number];
export type Hosting = (typeof HOSTINGS)[number];
