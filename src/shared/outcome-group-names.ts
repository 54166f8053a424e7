/** The few groups that people filter the list of runs by. */
export const OUTCOME_GROUPS = ['open', 'done', 'skipped', 'stopped', 'failed', 'unknown'] as const;
/** `open`: not finished yet. */
export type OutcomeGroup = (typeof OUTCOME_GROUPS)[number];
