/**
 * What the app shell around the window answers itself: the Electron main process, or the server of the page in a browser. It
 * shares one link with the agent's contract, so the window has one way to ask and does not know who answers.
 */
import { z } from 'zod';
import { supportSchema } from './about-view.ts';
import type { MethodName } from './contract.ts';
import { runIdSchema } from './id-schemas.ts';
import { OUTCOME_GROUPS } from './outcome-group-names.ts';
import type { Remembered } from './remembered.ts';
import { START_FAILURES } from './start-failure.ts';
import { LANGUAGES, uiSettingsSchema } from './ui-view.ts';

/** Where the window can be: what a click on icon, menu entry, notification or count opens. */
export const routeSchema = z.discriminatedUnion('screen', [
  z.strictObject({ screen: z.literal('status') }),
  z.strictObject({
    screen: z.literal('activity'),
    group: z.enum(OUTCOME_GROUPS).optional(),
    /** Only what was received today. */
    today: z.boolean().optional(),
  }),
  z.strictObject({ screen: z.literal('run'), run: runIdSchema }),
  z.strictObject({ screen: z.literal('updates') }),
  z.strictObject({ screen: z.literal('support') }),
  z.strictObject({ screen: z.literal('about') }),
  /** While the helpdesk's view is open. */
  z.strictObject({ screen: z.literal('helpdesk') }),
]);
export type Route = z.infer<typeof routeSchema>;

export const preferencesSchema = z.strictObject({
  language: z.enum(['auto', ...LANGUAGES]),
  theme: z.enum(['system', 'light', 'dark']),
  /** Off: only what IT insists on is notified. */
  notifications: z.boolean(),
});
export type Preferences = z.infer<typeof preferencesSchema>;

export const DEFAULT_PREFERENCES: Preferences = { language: 'auto', theme: 'system', notifications: true };

/** How the window stands to the agent. `starting`: not there yet, and that is no reason to worry. */
export const agentConnectionSchema = z.object({
  state: z.enum(['starting', 'attached', 'down', 'incompatible']),
  /** ms since the epoch. */
  sinceMs: z.number(),
  /** When an agent that was there was seen to go; null: there is one, or none was ever seen. */
  goneAtMs: z.number().nullable().default(null),
  /** When it is started again, where that is known. */
  restartAtMs: z.number().nullable(),
  /** Why the last one ended at its start; null: not for its settings. */
  startFailure: z.enum(START_FAILURES).nullable().default(null),
});
export type AgentConnectionView = z.infer<typeof agentConnectionSchema>;

export const rememberedSchema = z.object({
  support: supportSchema.nullable().catch(null),
  pc: z
    .object({ name: z.string(), version: z.string(), groups: z.array(z.string()).nullable() })
    .nullable()
    .catch(null),
}) satisfies z.ZodType<Remembered>;

export const appShellStateSchema = z.object({
  agentConnection: agentConnectionSchema,
  /** The language of the operating system, as far as we speak it. */
  systemLanguage: z.enum(LANGUAGES),
  preferences: preferencesSchema,
  /** As last heard from the agent; null: never yet. */
  ui: uiSettingsSchema.nullable(),
  /** What was known of this PC when the agent was there last. */
  remembered: rememberedSchema,
  /** Name of the account whose window this is. */
  userName: z.string(),
  /** Tasks that arrived since the list was last looked at. */
  unseen: z.number().int(),
  /** The methods of the app shell that this one offers. */
  offers: z.array(z.string()),
});
export type AppShellState = z.infer<typeof appShellStateSchema>;

/** What IT's contact lines can open, each by its name: an address never travels to the app shell (threat-model §3.1, 15). */
export const LINK_IDS = ['page', 'mail', 'phone'] as const;
export type LinkId = (typeof LINK_IDS)[number];

export const MAX_COPY_CHARS = 1024 * 1024;

const nothing = z.strictObject({});

export const appShellMethods = {
  'shell.hello': { params: nothing, result: z.object({ state: appShellStateSchema, route: routeSchema }) },
  'shell.setPreferences': { params: preferencesSchema.partial(), result: nothing },
  /** `draft`: what a mail begins with. */
  'shell.openLink': {
    params: z.strictObject({
      id: z.enum(LINK_IDS),
      draft: z.strictObject({ subject: z.string().max(200), body: z.string().max(4_000) }).optional(),
    }),
    result: nothing,
  },
  'shell.copy': { params: z.strictObject({ text: z.string().max(MAX_COPY_CHARS) }), result: nothing },
  /** Asks the person where; `saved` false: nowhere after all. */
  'shell.saveOutput': {
    params: z.strictObject({ run: runIdSchema, stream: z.enum(['stdout', 'stderr', 'script']) }),
    result: z.object({ saved: z.boolean() }),
  },
  /** The list of tasks was looked at. */
  'shell.seen': { params: nothing, result: nothing },
  /** Takes icon and window away; the management of the PC goes on. */
  'shell.quitIcon': { params: nothing, result: nothing },
  /** Ends the agent too; only where a policy allows it. */
  'shell.stopManagement': { params: nothing, result: nothing },
} as const satisfies Record<string, { params: z.ZodType; result: z.ZodType }>;

export type AppShellMethodName = keyof typeof appShellMethods;
export type AppShellParams<M extends AppShellMethodName> = z.input<(typeof appShellMethods)[M]['params']>;
export type AppShellParsed<M extends AppShellMethodName> = z.output<(typeof appShellMethods)[M]['params']>;
export type AppShellResult<M extends AppShellMethodName> = z.output<(typeof appShellMethods)[M]['result']>;

/** What the app shell sends the window unasked, beside the agent's own pushes. */
export const appShellPushes = { 'shell.changed': appShellStateSchema, 'shell.navigate': routeSchema } as const;
export type AppShellPushName = keyof typeof appShellPushes;

/** Methods of the agent that are not for a window: they belong to whoever hosts it. */
const NOT_FOR_WINDOWS: readonly MethodName[] = ['handshake', 'agent.drain', 'agent.stop', 'log.setLevel'];

export function isForWindows(method: MethodName): boolean {
  return !NOT_FOR_WINDOWS.includes(method);
}

/** Narrows a name that came over the wire. */
export function isAppShellMethodName(name: string): name is AppShellMethodName {
  return Object.hasOwn(appShellMethods, name);
}
