/**
 * What a command can end as: one row for each outcome, and everything about it that is not a text (architecture §3). Adding one is
 * a row here, its words (`reason.<OUTCOME>.title`, `.line`, `.body`), and the decision that yields it.
 */
import type { OutcomeMark } from './mark-names.ts';
import type { OutcomeGroup } from './outcome-group-names.ts';

export interface OutcomeRow {
  /** As the wire carries it. `own`: that of the script. null: nothing is published. */
  readonly exitCode: number | 'own' | null;
  /** What the result says: it was not run, and that is as it should be. */
  readonly skipped: boolean;
  /** What people filter the list of runs by. */
  readonly group: Exclude<OutcomeGroup, 'open'>;
  readonly mark: OutcomeMark;
  /** Whether something on this PC was changed; null: the sentence of the outcome says it. */
  readonly changed: 'done' | 'maybe' | 'nothing' | null;
  /** What the person should do. */
  readonly act: 'nothing' | 'support' | 'clock';
  /** The kind of its entry in the journal of the operating system. */
  readonly event: 'run' | 'killed' | 'refused';
  /** The gate that refuses with it. */
  readonly gate?: string;
  /** `[results] publish_pin_skips` decides whether it is published. */
  readonly isPinSkip?: true;
  /** The message never was a command of ours, and its `request_id` is still free for the one that is. */
  readonly leavesIdFree?: true;
}

const SKIPPED = {
  skipped: true,
  group: 'skipped',
  mark: 'skipped',
  changed: 'nothing',
  act: 'nothing',
  event: 'refused',
} as const;
const REFUSED = { ...SKIPPED, skipped: false } as const;
const STOPPED = {
  skipped: false,
  group: 'stopped',
  mark: 'stopped',
  changed: null,
  act: 'support',
  event: 'killed',
} as const;
const FAILED = {
  skipped: false,
  group: 'failed',
  mark: 'failed',
  changed: 'maybe',
  act: 'support',
  event: 'run',
} as const;

/** Those with a gate in the order in which the gates are asked. */
export const OUTCOMES = {
  DONE: { exitCode: 0, skipped: false, group: 'done', mark: 'done', changed: 'done', act: 'nothing', event: 'run' },
  FAILED: { exitCode: 'own', ...FAILED },
  DISABLED: { exitCode: 122, ...SKIPPED, gate: 'enabled' },
  STALE_VIEW: { exitCode: 127, ...SKIPPED, gate: 'staleness' },
  VERSION_PIN: { exitCode: 124, ...SKIPPED, gate: 'pin', isPinSkip: true },
  REVOKED: { exitCode: 126, ...SKIPPED, gate: 'revoke', isPinSkip: true },
  DEADLINE: { exitCode: 125, ...SKIPPED, gate: 'deadline' },
  UNSUPPORTED: { exitCode: 122, ...SKIPPED },
  KILLED: { exitCode: -1, ...STOPPED },
  KILLED_WAITING: { exitCode: -1, ...STOPPED, act: 'nothing' },
  TIMEOUT: { exitCode: -1, ...STOPPED, mark: 'too_long', changed: 'maybe' },
  AGENT_STOPPED: { exitCode: -1, ...STOPPED },
  START_FAILED: { exitCode: -1, ...FAILED, changed: 'nothing', event: 'refused' },
  NO_USER: { exitCode: -1, ...REFUSED },
  BAD_MESSAGE: { exitCode: -1, ...REFUSED, changed: null },
  CONFLICT: { exitCode: null, ...REFUSED },
  INTERRUPTED: {
    exitCode: 121,
    skipped: false,
    group: 'unknown',
    mark: 'unknown',
    changed: 'maybe',
    act: 'support',
    event: 'killed',
  },
  // Of signed commands (agent/signing).
  SIGNATURE: { exitCode: 123, ...REFUSED, leavesIdFree: true },
  EXPIRED_ENV: { exitCode: null, ...REFUSED, act: 'clock', leavesIdFree: true },
  MISADDRESSED: { exitCode: null, ...REFUSED, leavesIdFree: true },
} as const satisfies Readonly<Record<string, OutcomeRow>>;

/** Why a run ended as it did: set where the decision is made and stored; texts are looked up from it, never guessed. */
export type Reason = keyof typeof OUTCOMES;

export const REASONS = Object.keys(OUTCOMES) as [Reason, ...Reason[]];

type Row<R extends Reason> = (typeof OUTCOMES)[R];

/** Outcomes whose exit code is always the same, and is published. */
export type FixedReason = { [R in Reason]: Row<R>['exitCode'] extends number ? R : never }[Reason];
/** Outcomes by which a gate refuses. */
export type GateReason = { [R in Reason]: Row<R> extends { gate: string } ? R : never }[Reason];
export type GateName = Row<GateReason>['gate'];

/** The row of the table, without its literal types. */
export function outcomeRow(reason: Reason): OutcomeRow {
  return OUTCOMES[reason];
}

/** The gates in the order in which they look, each with the outcome that it refuses with. */
export const GATES = REASONS.filter((reason): reason is GateReason => outcomeRow(reason).gate !== undefined).map(
  (reason) => ({ gate: OUTCOMES[reason].gate, reason }),
);
