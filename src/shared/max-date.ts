/** The last moment that a `Date` can hold, ms since the epoch. */
export const MAX_DATE_MS = 8.64e15;
