/** How an output is read out row by row: known to both sides, so that the window asks for no more than it gets. */

/** A line that is longer goes on in the next row. */
export const MAX_OUTPUT_ROW_CHARS = 1_000;
export const MAX_OUTPUT_ROWS = 500;
/** The first places that a search names. */
export const MAX_OUTPUT_PLACES = 2_000;
