/**
 * A moment that can only come nearer. Invariant: of several limits the earliest holds, in whatever order they were set; so a
 * second, shorter wish is never lost behind a first, longer one.
 */
import { clampTimerMs } from './sleep.ts';

export class Deadline {
  readonly #passed = Promise.withResolvers<void>();
  #atMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** Not later than in `ms`. False: it was to be earlier already. */
  within(ms: number): boolean {
    const atMs = performance.now() + clampTimerMs(ms);
    if (atMs >= this.#atMs) return false;
    this.#atMs = atMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#passed.resolve(), clampTimerMs(ms));
    return true;
  }

  /** 0 once it has passed; Infinity while none is set. */
  get leftMs(): number {
    return Math.max(0, this.#atMs - performance.now());
  }

  /** Resolves then; never, where none is set or {@link cancel} comes first. */
  get passed(): Promise<void> {
    return this.#passed.promise;
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
