/** The group of an outcome: each is in exactly one (`outcomes.ts`). */
import type { OutcomeGroup } from './outcome-group-names.ts';
import { OUTCOMES, REASONS, type Reason } from './outcomes.ts';

/** The group that a finished run is in. */
export function outcomeGroup(reason: Reason): Exclude<OutcomeGroup, 'open'> {
  return OUTCOMES[reason].group;
}

/** The reasons of one group; none for `open`. */
export function reasonsOf(group: OutcomeGroup): Reason[] {
  return REASONS.filter((reason) => OUTCOMES[reason].group === group);
}
