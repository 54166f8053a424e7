/**
 * When an update may go on: its turn, its window, and the person's time; and what is noted of that. Invariant: what is a duration is
 * told by the store's timeline, so that no clock that is set makes it longer or shorter.
 */
import type { Clock } from '../../base/clock.ts';
import { type DailyWindow, openAtMs } from '../../base/daily-window.ts';
import type { Timeline } from '../../base/timeline.ts';
import { HOUR_MS, SECOND_MS } from '../../shared/time-units.ts';
import type { UpdateNotes, UpdateWait } from '../store/update-notes.ts';
import type { Offer } from './release-lookup.ts';

export interface UpdateTimesOptions {
  readonly notes: UpdateNotes;
  /** `target_version_jitter` of the fleet. */
  readonly jitterMs: () => number;
  readonly window: DailyWindow | null;
  readonly deferHoursMax: number;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly timeline: Pick<Timeline, 'now' | 'ageMs'>;
}

type Manifest = Pick<Offer, 'manifest'>;

export class UpdateTimes {
  readonly #options: UpdateTimesOptions;

  constructor(options: UpdateTimesOptions) {
    this.#options = options;
  }

  /** What was drawn for this manifest: a restart does not draw again. */
  async waitOf({ manifest }: Manifest): Promise<UpdateWait> {
    const { notes, timeline, jitterMs } = this.#options;
    const known = notes.wait;
    const spreadMs = jitterMs();
    // IT may have shortened it meanwhile: then nobody waits for longer.
    if (known?.manifest === manifest && this.turnInMs(known) <= spreadMs) return known;
    const drawn = { jitterMs: Math.round(Math.random() * spreadMs), drawn: timeline.now() };
    const wait = { manifest, ...drawn, ready: null, postponedToMs: null };
    await notes.noteWait(wait);
    return wait;
  }

  turnInMs({ jitterMs, drawn }: UpdateWait): number {
    return jitterMs - this.#options.timeline.ageMs(drawn);
  }

  async noteReady({ manifest }: Manifest): Promise<void> {
    const { notes, timeline } = this.#options;
    if (notes.wait?.ready === null) await notes.changeWait(manifest, () => ({ ready: timeline.now() }));
  }

  /** The latest that the person may choose; null: there is nothing to put off. */
  get deferUntilMs(): number | null {
    const { notes, timeline, deferHoursMax } = this.#options;
    const ready = notes.wait?.ready ?? null;
    if (ready === null || deferHoursMax === 0) return null;
    return this.inMs(Math.max(0, deferHoursMax * HOUR_MS - timeline.ageMs(ready)));
  }

  /** The person has chosen a time that has not come. */
  get isPutOff(): boolean {
    const { notes, clock } = this.#options;
    return (notes.wait?.postponedToMs ?? 0) > clock.nowMs();
  }

  /** By the PC's clock as it is now, for people. In whole seconds: two clocks never agree to the ms, and each change is shown. */
  inMs(leftMs: number): number {
    return Math.floor((this.#options.clock.nowMs() + leftMs) / SECOND_MS) * SECOND_MS;
  }

  /** In the window, and not before the person's time: whichever comes last. */
  notBefore(): { readonly waitsFor: 'window' | 'person'; readonly atMs: number } {
    const { notes, clock, window } = this.#options;
    const personMs = Math.min(notes.wait?.postponedToMs ?? 0, this.deferUntilMs ?? 0);
    const windowMs = window === null ? 0 : openAtMs(window, Math.max(clock.nowMs(), personMs));
    return windowMs > personMs ? { waitsFor: 'window', atMs: windowMs } : { waitsFor: 'person', atMs: personMs };
  }

  /** How many copies of the store in a row were begun for it, and no process has told of their end. */
  copiesBegun({ manifest }: Manifest): number {
    const { wait } = this.#options.notes;
    return wait?.manifest === manifest ? (wait.copiesBegun ?? 0) : 0;
  }

  /** How many times in a row it was given to its set-up, and this is still not it. */
  handOversBegun({ manifest }: Manifest): number {
    const { wait } = this.#options.notes;
    return wait?.manifest === manifest ? (wait.handOversBegun ?? 0) : 0;
  }

  /** Counts it before it begins, and no more once it has ended, however that was. */
  async countCopy({ manifest }: Manifest, copy: () => Promise<void>): Promise<void> {
    const { notes } = this.#options;
    await notes.changeWait(manifest, ({ copiesBegun = 0 }) => ({ copiesBegun: copiesBegun + 1 }));
    try {
      await copy();
    } finally {
      // What can't be noted now makes the next start wait a little.
      await notes.changeWait(manifest, () => ({ copiesBegun: 0 })).catch(() => {});
    }
  }
}
