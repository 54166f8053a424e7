/** Points in time, as nanoseconds since the Unix epoch (protocol §3.9). */

const NS_PER_SECOND = 1_000_000_000n;
const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:([Zz])|([+-])(\d{2}):?(\d{2}))$/;

/** Reads RFC 3339 with the original's relaxations; undefined for anything else and for dates that do not exist. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offsetHours = Number(match[10] ?? 0);
  const offsetMinutes = Number(match[11] ?? 0);
  if (hour > 23 || minute > 59 || second > 60 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists) return undefined;
  const sign = match[9] === '-' ? -1 : 1;
  const seconds =
    date.getTime() / 1000 + hour * 3600 + minute * 60 + second - sign * (offsetHours * 3600 + offsetMinutes * 60);
  const fraction = (match[7] ?? '').slice(0, 9).padEnd(9, '0');
  return BigInt(seconds) * NS_PER_SECOND + BigInt(fraction);
}

/** `2026-11-24T03:00:04.322Z`: a fraction of 0, 3, 6 or 9 digits, the shortest that is exact. */
export function formatTimestamp(ns: bigint): string {
  const { date, time, fraction } = parts(ns);
  return `${date}T${time}${fraction}Z`;
}

/** The form inside texts: `2026-11-24 03:00:00 UTC`. */
export function formatTimestampText(ns: bigint): string {
  const { date, time, fraction } = parts(ns);
  return `${date} ${time}${fraction} UTC`;
}

function parts(ns: bigint): { date: string; time: string; fraction: string } {
  const sub = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const seconds = (ns - sub) / NS_PER_SECOND;
  const [date = '', rest = ''] = new Date(Number(seconds) * 1000).toISOString().split('T');
  return { date, time: rest.slice(0, 8), fraction: fractionText(sub) };
}

function fractionText(sub: bigint): string {
  if (sub === 0n) return '';
  const digits = sub.toString().padStart(9, '0');
  if (digits.endsWith('000000')) return `.${digits.slice(0, 3)}`;
  return digits.endsWith('000') ? `.${digits.slice(0, 6)}` : `.${digits}`;
}
