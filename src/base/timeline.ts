/**
 * Moments that outlive a restart of the agent, and how long ago they were. Within one start of the system that is told by a
 * clock that nobody sets; over a restart of the system only the wall clock is left, and one that says "in the future" has
 * been set: then nothing is known.
 */
import type { Clock } from './clock.ts';

export interface Moment {
  /** ms since the epoch, for people and for another start of the system. */
  readonly wallMs: number;
  /** `Clock.upMs` at that moment; null: not noted (an older release wrote it). */
  readonly upMs: number | null;
  /** The start of the system that `upMs` belongs to. */
  readonly boot: string | null;
}

/** The clock of one process may be that much behind the one of the process before. */
const FINE_MS = 1_000;

export class Timeline {
  readonly clock: Clock;
  readonly boot: string;

  /** `boot` null: this start of the system has no name; then what an earlier process noted counts by the wall clock alone. */
  constructor(clock: Clock, boot: string | null) {
    this.clock = clock;
    this.boot = boot ?? `process-${process.pid}-${Date.now()}`;
  }

  now(): Moment & { readonly upMs: number; readonly boot: string } {
    return { wallMs: this.clock.nowMs(), upMs: Math.round(this.clock.upMs()), boot: this.boot };
  }

  /** How long ago it was, ms; Infinity where that can't be told. */
  ageMs({ wallMs, upMs, boot }: Moment): number {
    // One that is still to come was of another start after all, by the same name: a container has that of its host.
    const sinceMs = upMs !== null && boot === this.boot ? this.clock.upMs() - upMs : Number.NEGATIVE_INFINITY;
    if (sinceMs > -FINE_MS) return Math.max(0, sinceMs);
    const ageMs = this.clock.nowMs() - wallMs;
    return ageMs < 0 ? Number.POSITIVE_INFINITY : ageMs;
  }
}
