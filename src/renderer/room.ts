/** Where there is little room, as several parts of the window look at it. */

/** 480 × 420, and what is left of 880 × 600 at a zoom of 200 %: the header goes with the page. */
export const LOW = '@media (max-height: 480px)';
/** Narrow, and not low as well: there a row of its own costs little. */
export const NARROW_AND_HIGH = '@media (max-width: 560px) and (min-height: 481px)';
