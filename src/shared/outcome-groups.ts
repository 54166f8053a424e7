/** The few groups that people filter the list of runs by; each outcome is in exactly one (`outcomes.ts`). */
import { OUTCOMES, REASONS, type Reason } from './outcomes.ts';

export const OUTCOME_GROUPS = ['open', 'done', 'skipped', 'stopped', 'failed', 'unknown'] as const;
/** `open`: not finished yet. */
export type OutcomeGroup = (typeof OUTCOME_GROUPS)[number];

/** The group that a finished run is in. */
export function outcomeGroup(reason: Reason): Exclude<OutcomeGroup, 'open'> {
  return OUTCOMES[reason].group;
}

/** The reasons of one group; none for `open`. */
export function reasonsOf(group: OutcomeGroup): Reason[] {
  return REASONS.filter((reason) => OUTCOMES[reason].group === group);
}
