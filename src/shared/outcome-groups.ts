/** The few groups that people filter the list of runs by; each reason is in exactly one. */
import type { Reason } from './states.ts';

export const OUTCOME_GROUPS = ['open', 'done', 'skipped', 'stopped', 'failed', 'unknown'] as const;
/** `open`: not finished yet. */
export type OutcomeGroup = (typeof OUTCOME_GROUPS)[number];

const GROUP_OF: Readonly<Record<Reason, Exclude<OutcomeGroup, 'open'>>> = {
  DONE: 'done',
  STALE_VIEW: 'skipped',
  VERSION_PIN: 'skipped',
  REVOKED: 'skipped',
  DEADLINE: 'skipped',
  NO_USER: 'skipped',
  DISABLED: 'skipped',
  UNSUPPORTED: 'skipped',
  SIGNATURE: 'skipped',
  EXPIRED_ENV: 'skipped',
  MISADDRESSED: 'skipped',
  CONFLICT: 'skipped',
  BAD_MESSAGE: 'skipped',
  KILLED: 'stopped',
  KILLED_WAITING: 'stopped',
  TIMEOUT: 'stopped',
  AGENT_STOPPED: 'stopped',
  FAILED: 'failed',
  START_FAILED: 'failed',
  INTERRUPTED: 'unknown',
};

/** The group that a finished run is in. */
export function outcomeGroup(reason: Reason): Exclude<OutcomeGroup, 'open'> {
  return GROUP_OF[reason];
}

/** The reasons of one group; none for `open`. */
export function reasonsOf(group: OutcomeGroup): Reason[] {
  return (Object.keys(GROUP_OF) as Reason[]).filter((reason) => GROUP_OF[reason] === group);
}
