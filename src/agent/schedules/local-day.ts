/** What the calendar and the clock on the wall say in a zone. */

export interface WallTime {
  /** `2026-11-30`. */
  readonly date: string;
  /** Since midnight, 0 to 1439. */
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `zone` is an IANA name. */
export function wallTime(atMs: number, zone: string): WallTime {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, value]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? '';
  const date = `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
  return { date, minute: Number(part('hour')) * 60 + Number(part('minute')) };
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  formats.set(zone, made);
  return made;
}

/** What an empty `TZ` is called, and then refused. */
const UNKNOWN_ZONE = 'Etc/Unknown';

/** The zone of this PC, as this process knows it (`zone-watch.ts`). */
export function machineZone(): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return timeZone === UNKNOWN_ZONE ? 'UTC' : timeZone;
}
