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
/** Of a `TZ` like `XYZ5` or `Foo/Bar` there is no name at all. */
type ZoneName = string | undefined;

/** The zone of this PC, as this process knows it (`zone-watch.ts`): one in which the wall says what `Date` says. */
export function machineZone(): string {
  const { timeZone: name } = new Intl.DateTimeFormat().resolvedOptions() as { readonly timeZone: ZoneName };
  const offsetMinutes = -new Date().getTimezoneOffset();
  const key = `${name} ${offsetMinutes}`;
  const known = zones.get(key) ?? zoneOf(name, offsetMinutes);
  zones.set(key, known);
  return known;
}

/** By the name and the offset: what is asked for with each check of a schedule is told apart once. */
const zones = new Map<string, string>();

function zoneOf(name: ZoneName, offsetMinutes: number): string {
  if (name === UNKNOWN_ZONE) return 'UTC';
  return name !== undefined && isOfDate(name) ? name : offsetName(offsetMinutes);
}

/** `GMT+5` lies west of Greenwich, as POSIX has it, and is named `+05:00`. */
function isOfDate(zone: string): boolean {
  const now = new Date();
  const { minute } = wallTime(now.getTime(), zone);
  return minute === now.getHours() * 60 + now.getMinutes();
}

function offsetName(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
