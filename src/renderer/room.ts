/** Where there is little room, as several parts of the window look at it, and which rule counts where several do. */

/** 480 × 420, and what is left of 880 × 600 at a zoom of 200 %: the header goes with the page. */
export const LOW = '@media (max-height: 480px)';
/** Narrow, and not low as well: there a row of its own costs little. */
export const NARROW_AND_HIGH = '@media (max-width: 560px) and (min-height: 481px)';

/**
 * The order of rules, the last of which counts: the narrower the later, and after all widths what does not ask for one. By itself
 * Griffel sorts them as words, so that 560 px would come after 400 px.
 */
export function compareMediaQueries(one: string, other: string): number {
  return widthOf(other) - widthOf(one) || (one < other ? -1 : one > other ? 1 : 0);
}

function widthOf(query: string): number {
  const [, px] = /max-width: (\d+)px/.exec(query) ?? [];
  return px === undefined ? 0 : Number(px);
}
