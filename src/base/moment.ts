/** A point in time as administrators write it: a day, from its midnight on the clock here, or RFC 3339 with its zone. */

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const WHOLE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since the epoch; null: it is none, or its day is in no calendar. */
export function momentMs(text: string): number | null {
  const isDay = DAY.test(text);
  if (!isDay && !WHOLE.test(text)) return null;
  const day = text.slice(0, 'YYYY-MM-DD'.length);
  const dayMs = Date.parse(`${day}T00:00:00Z`);
  // A 30th of February would become another day.
  if (Number.isNaN(dayMs) || !new Date(dayMs).toISOString().startsWith(day)) return null;
  const atMs = Date.parse(isDay ? `${day}T00:00:00` : text);
  return Number.isNaN(atMs) ? null : atMs;
}
