/** How much of a list is told at once; apart from the schemas, which the window does without. */

export const MAX_COUNTED_DAYS = 31;
export const MAX_OUTLINED_DAYS = 400;
/** The same day comes again where the clock was set back. */
export const MAX_LIST_DAYS = 5_000;
/** Stretches that fold beyond these are listed run by run. */
export const MAX_FOLDS = 10_000;
/** Fewer of the same are no burst. */
export const MIN_FOLDED_RUNS = 3;
