/**
 * What a change of the PC's time zone jumps over: its clock is put forward, and times of the day that lie in between come at no moment.
 * On Windows each standard user may do that (threat-model §2), so it must not go by in silence.
 */
import { wallTime } from './local-day.ts';

export class ZoneJumps {
  #zone: string | null = null;
  readonly #leftMs = new Map<string, number>();

  /** There is a time by the PC's own clock to wait for. Only then is its zone asked for: that loads 6 MB, which most PCs never need. */
  begin(zone: () => string): void {
    this.#zone ??= zone();
  }

  /** The PC has `zone` from now on. @returns the moment after which times of that zone, up to now, had no moment here */
  changed(zone: string, nowMs: number): number {
    const old = this.#zone ?? zone;
    this.#zone = zone;
    if (zone === old) return nowMs;
    this.#leftMs.set(old, nowMs);
    const aheadMs = wallMs(nowMs, zone) - wallMs(nowMs, old);
    // What it had before it left that zone it has had.
    return Math.max(nowMs - Math.max(0, aheadMs), this.#leftMs.get(zone) ?? Number.NEGATIVE_INFINITY);
  }
}

function wallMs(atMs: number, zone: string): number {
  const { date, minute } = wallTime(atMs, zone);
  return Date.parse(`${date}T00:00:00Z`) + minute * 60_000;
}
