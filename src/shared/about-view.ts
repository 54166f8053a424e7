/** What a PC tells of itself to the person at it and to the service desk: what IT can do here, whom to call, the hardware. */
import { z } from 'zod';
import { SIGNATURE_MODES } from './signatures.ts';

/** What IT can do on this PC, computed from its real settings (ui §1). */
const aboutFactsSchema = z.object({
  scripts: z.boolean(),
  /** `as_you`: "as the system" is the signed-in user here (tray mode). */
  runAsSystem: z.enum(['system', 'as_you', 'no']),
  runAsUser: z.boolean(),
  readLog: z.boolean(),
  signatures: z.enum(SIGNATURE_MODES),
  /** Whose signatures count. `maxAgeSecs`: how old one may be; null: any age. */
  commandKeys: z.array(
    z.object({
      kid: z.string(),
      label: z.string().nullable().default(null),
      fingerprint: z.string(),
      maxAgeSecs: z.number().nullable().default(null),
    }),
  ),
  /** What is written of them can't be used now: those that were known before count, and the log says why. */
  commandKeysFault: z.boolean().default(false),
  /** Hardware facts are reported to the fleet. */
  inventory: z.boolean(),
  /** How much of the processor scripts get, and how many of them run at once. */
  priority: z.enum(['idle', 'below_normal', 'normal']),
  maxParallel: z.number().int(),
  /** The names of tasks are shown to the helpdesk only. */
  namesHidden: z.boolean(),
  /** Output without the helpdesk view: 0 none, 1 of tasks that ran as the person, 2 of all tasks. */
  outputShown: z.number().int(),
  /** Where things lie on this PC, and how long they are kept; null: there is none. */
  data: z.object({
    directory: z.string(),
    historyDays: z.number(),
    historyMaxMib: z.number(),
    logDirectory: z.string().nullable(),
    logDays: z.number(),
  }),
});
export type AboutFacts = z.infer<typeof aboutFactsSchema>;

/** `facts` null: the settings can't be read, so nothing is known of what they allow. */
export const aboutSchema = z.object({
  /** Every method that this agent offers as it is set up now. */
  methods: z.array(z.string()),
  facts: aboutFactsSchema.nullable(),
});

/** Facts of this PC for the service desk, as the inventory reports them; null: not known (yet). */
export const hardwareSchema = z.object({
  system: z.string().nullable(),
  processor: z.string().nullable(),
  memoryBytes: z.number().nullable(),
  disks: z.array(z.object({ name: z.string(), sizeBytes: z.number(), freeBytes: z.number() })),
  /** What the system would not tell, and why. */
  unread: z.array(z.string()),
  bootedAtMs: z.number().nullable(),
});
export type Hardware = z.infer<typeof hardwareSchema>;

/** IT's contact lines; null: not set. */
export const supportSchema = z.object({
  phone: z.string().nullable(),
  mail: z.string().nullable(),
  url: z.string().nullable(),
  text: z.string().nullable(),
  hardware: hardwareSchema.nullable(),
});
export type Support = z.infer<typeof supportSchema>;
