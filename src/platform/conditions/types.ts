/**
 * What a schedule may require of the PC, as the operating system tells it. Invariant: what is not known is null, and never guessed;
 * what can't be told on this PC at all is said beforehand, so that the fleet hears of it instead of waiting.
 */
export type Condition = 'acPower' | 'idle' | 'network';

export interface Conditions {
  readonly tells: ReadonlySet<Condition>;
  /** Runs on mains. */
  acPower(): Promise<boolean | null>;
  /** Since the person at the screen has last used it, ms; Infinity: nobody is there. */
  idleMs(): Promise<number | null>;
  /** The Internet, or what this network takes for it, is reached. */
  network(): Promise<boolean | null>;
}
