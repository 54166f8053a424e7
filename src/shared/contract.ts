/**
 * The contract between the agent and whoever shows or steers it: one typed table of methods. Everything else (client,
 * handlers, validation) is derived from it, so a wrong name or argument does not compile (architecture §5).
 */
import { z } from 'zod';
import { aboutSchema, supportSchema } from './about-view.ts';
import { agentStatusSchema, updateDetailSchema } from './agent-status.ts';
import {
  failuresSchema,
  linkHistorySchema,
  logEndSchema,
  parkedSchema,
  settingMeaningSchema,
} from './helpdesk-view.ts';
import { runIdSchema } from './id-schemas.ts';
import { MAX_DATE_MS } from './max-date.ts';
import { OUTBOX_KINDS } from './outbox-kinds.ts';
import {
  groupCountsSchema,
  runCountsQuerySchema,
  runDaysQuerySchema,
  runDaysSchema,
  runOutlineQuerySchema,
  runOutlineSchema,
} from './run-outline.ts';
import {
  outputFoundSchema,
  outputRowsQuerySchema,
  outputRowsSchema,
  outputSearchQuerySchema,
  runDetailSchema,
  runOutputQuerySchema,
  runOutputSchema,
  runsPageSchema,
  runsQuerySchema,
  runTailSchema,
} from './run-view.ts';
import { scheduleRowSchema } from './schedules-view.ts';
import { uiSettingsSchema } from './ui-view.ts';

/** The agent serves this one and the one before, but for the first, which was not sealed after its handshake. */
export const CONTRACT_VERSION = 2;
export const OLDEST_CONTRACT = Math.max(2, CONTRACT_VERSION - 1);

export const CLIENT_KINDS = ['host', 'window', 'cli', 'web'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

export const ROLES = ['user', 'helpdesk', 'host'] as const;
export type Role = (typeof ROLES)[number];

const nothing = z.strictObject({});
const hex32Bytes = z.string().regex(/^[0-9a-f]{64}$/, '64 hex digits');
const aRun = z.strictObject({ run: runIdSchema });

/** The first thing on a new connection, pushed by the agent as `hello`. */
export const helloSchema = z.object({
  contract: z.object({ min: z.number().int(), max: z.number().int() }),
  /** To be proven against, once. */
  nonce: hex32Bytes,
});

export const handshakeParams = z.strictObject({
  contract: z.number().int(),
  client: z.enum(CLIENT_KINDS),
  /** The client's own nonce, for the agent's proof. */
  nonce: hex32Bytes,
  /** HMAC of the endpoint's token over `proofText('client', …)`, see `proof-text.ts`. */
  proof: hex32Bytes,
  /** HMAC of the host's secret over `proofText('host', …)`: only the process that started the agent has it. */
  hostProof: hex32Bytes.optional(),
});

export const handshakeResultSchema = z.object({
  contract: z.number().int(),
  agentVersion: z.string(),
  /** The account whose token was proven: a uid or a SID. */
  account: z.string(),
  roles: z.array(z.enum(ROLES)),
  /** HMAC over `proofText('agent', …)`: the client ends the connection where it does not hold. */
  proof: hex32Bytes,
});
export type HandshakeResult = z.infer<typeof handshakeResultSchema>;

/** One effective setting. A secret is masked before it gets here. */
export const settingSchema = z.object({
  key: z.string(),
  /** null: not set. */
  value: z.union([z.string(), z.number(), z.boolean(), z.null()]),
  /** Who said it, and where: policy, environment, `agent.toml (file:line)`, fleet, built-in … */
  source: z.string(),
  /** A policy says it, so nothing below can change it. */
  locked: z.boolean(),
  /** `file:line`, the registry key or the variable; null: built in, or not known. */
  place: z.string().nullable().default(null),
  /** What it is for, in English; null: the table has no line of it. */
  about: z.string().nullable().default(null),
  /** The value once more, for words. */
  means: settingMeaningSchema.default({ kind: 'none' }),
  builtIn: settingMeaningSchema.default({ kind: 'none' }),
  /** It is not what is built in. */
  changed: z.boolean().default(false),
});
export type Setting = z.infer<typeof settingSchema>;

export const auditEntrySchema = z.object({
  atMs: z.number(),
  account: z.string(),
  action: z.string(),
  detail: z.string(),
});

/** Who may call a method, and at which rate. `administration`: the host, root or the Administrators. */
export interface MethodRule {
  readonly needs: Role | 'administration';
  readonly kind: 'read' | 'action';
}

const READ = { needs: 'user', kind: 'read' } as const;
const ACTION = { needs: 'user', kind: 'action' } as const;
const HELPDESK_READ = { needs: 'helpdesk', kind: 'read' } as const;
const HELPDESK_ACTION = { needs: 'helpdesk', kind: 'action' } as const;

const opening = { handshake: { params: handshakeParams, result: handshakeResultSchema } } as const;

/**
 * What can be called after the handshake, each with whom it is for. `runs.output…` and `runs.tail` are decided run by run, since a policy
 * may show a user the output of their own.
 */
export const provenMethods = {
  'state.snapshot': { ...READ, params: nothing, result: agentStatusSchema },
  /** From then on `state.changed` is pushed, at most twice a second. The result is the state it starts from. */
  'state.subscribe': { ...READ, params: nothing, result: agentStatusSchema },
  'state.unsubscribe': { ...READ, params: nothing, result: nothing },
  'runs.list': { ...READ, params: runsQuerySchema, result: runsPageSchema },
  'runs.outline': { ...READ, params: runOutlineQuerySchema, result: runOutlineSchema },
  'runs.counts': { ...READ, params: runCountsQuerySchema, result: groupCountsSchema },
  'runs.days': { ...READ, params: runDaysQuerySchema, result: runDaysSchema },
  'runs.get': { ...READ, params: aRun, result: runDetailSchema },
  'runs.output': { ...READ, params: runOutputQuerySchema, result: runOutputSchema },
  'runs.outputRows': { ...READ, params: outputRowsQuerySchema, result: outputRowsSchema },
  'runs.outputSearch': { ...READ, params: outputSearchQuerySchema, result: outputFoundSchema },
  'runs.tail': { ...READ, params: aRun, result: runTailSchema },
  /** What this PC fires by itself, soonest first. */
  'schedules.list': { ...READ, params: nothing, result: z.array(scheduleRowSchema) },
  /** `kind`: what is sent again, a result where nothing is said; `resultId` is its id within the kind. */
  'outbox.resend': {
    ...HELPDESK_ACTION,
    params: z.strictObject({ resultId: z.string().min(1).max(200), kind: z.enum(OUTBOX_KINDS).default('result') }),
    result: nothing,
  },
  /** The same for all that could not be delivered. */
  'outbox.resendAll': { ...HELPDESK_ACTION, params: nothing, result: z.object({ resent: z.number().int() }) },
  'outbox.parked': { ...HELPDESK_READ, params: nothing, result: parkedSchema },
  'failures.list': { ...HELPDESK_READ, params: nothing, result: failuresSchema },
  'connection.history': { ...HELPDESK_READ, params: nothing, result: linkHistorySchema },
  'log.end': { ...HELPDESK_READ, params: nothing, result: logEndSchema },
  'config.effective': { ...HELPDESK_READ, params: nothing, result: z.array(settingSchema) },
  'update.get': { ...READ, params: nothing, result: updateDetailSchema },
  /** The person puts off an update that is ready, as long as IT lets them; null: as soon as it may be. */
  'update.schedule': {
    ...ACTION,
    params: z.strictObject({ notBeforeMs: z.int().min(0).max(MAX_DATE_MS).nullable() }),
    result: nothing,
  },
  'ui.settings': { ...READ, params: nothing, result: uiSettingsSchema },
  'support.info': { ...READ, params: nothing, result: supportSchema },
  'about.capabilities': { ...READ, params: nothing, result: aboutSchema },
  'audit.list': {
    ...HELPDESK_READ,
    params: z.strictObject({ limit: z.number().int().min(1).max(500).default(100) }),
    result: z.array(auditEntrySchema),
  },
  'helpdesk.unlock': {
    ...ACTION,
    params: z.strictObject({ code: z.string().min(1).max(200) }),
    result: z.object({ unlockedUntilMs: z.number() }),
  },
  'helpdesk.lock': { ...ACTION, params: nothing, result: nothing },
  /** No new work; answered at once, the agent stops when what runs has ended (at most 60 s). */
  'agent.drain': { needs: 'administration', kind: 'action', params: nothing, result: nothing },
  /** Answered at once; then the agent stops as architecture §4 says. */
  'agent.stop': { needs: 'host', kind: 'action', params: nothing, result: nothing },
  'log.setLevel': {
    ...HELPDESK_ACTION,
    params: z.strictObject({ level: z.enum(['error', 'warn', 'info', 'debug']) }),
    result: nothing,
  },
} as const satisfies Record<string, MethodRule & { params: z.ZodType; result: z.ZodType }>;

export const methods = { ...opening, ...provenMethods };

export type MethodName = keyof typeof methods;
export type ProvenMethodName = keyof typeof provenMethods;
/** What a caller passes: defaults may be left out. */
export type Params<M extends MethodName> = z.input<(typeof methods)[M]['params']>;
/** What a handler gets: parsed, with defaults. */
export type Parsed<M extends MethodName> = z.output<(typeof methods)[M]['params']>;
export type Result<M extends MethodName> = z.output<(typeof methods)[M]['result']>;

/** What the agent sends unasked. */
export const pushes = {
  hello: helloSchema,
  'state.changed': agentStatusSchema,
} as const satisfies Record<string, z.ZodType>;

export type PushName = keyof typeof pushes;
export type Push<P extends PushName> = z.output<(typeof pushes)[P]>;

/** Narrows a name that came over the wire. */
export function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}
