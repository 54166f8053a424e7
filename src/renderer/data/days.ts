/** Days of the person's calendar: from one local midnight to the next, also where one has 23 or 25 hours. */

/** The midnight at which the day of this moment began, or, with `days`, that of another day before (below 0) or after it. */
export function midnightMs(atMs: number, days = 0): number {
  const at = new Date(atMs);
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + days).getTime();
}

/** When each of the last `count` days began, oldest first; the last of them is that of `nowMs`. */
export function lastDays(nowMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => midnightMs(nowMs, at - count + 1));
}
