/**
 * What the status says of runs, read from the store once for all who may see the same, and again only when the store has changed.
 * A day with very many runs makes it a longer read: who asks gets the last one then, as long as reading again would take more than
 * its part of the agent's one thread.
 */
import type { Clock } from '../../base/clock.ts';
import type { AgentStatus } from '../../shared/agent-status.ts';
import type { Visibility } from './views.ts';

export type RunsShown = Pick<AgentStatus, 'now' | 'today' | 'todayUntold'>;

/** With a very long list reading it takes time: of the agent's one thread it gets no more than this part. */
export const READ_SHARE = 1 / 20;
/** What takes less is not worth an old answer. */
const LONG_READ_MS = 5;
/** As many views as there are people on a busy PC. */
const MAX_KEPT = 50;

interface Kept {
  readonly asOf: string;
  readonly runs: RunsShown;
  /** By the monotonic clock. */
  readonly goodUntilMs: number;
}

export class ShownRuns {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `asOf` names the state of the store and the day: for the same one nothing is read again. `now`: an older one is no answer. */
  of(visibility: Visibility, asOf: string, age: 'now' | 'recent', read: () => RunsShown): RunsShown {
    const { account, helpdesk, nameless, asYou } = visibility;
    const key = JSON.stringify([account, helpdesk, nameless, asYou]);
    const kept = this.#kept.get(key);
    const beganMs = this.#clock.monotonicMs();
    if (kept?.asOf === asOf || (kept !== undefined && age === 'recent' && beganMs < kept.goodUntilMs)) return kept.runs;
    const runs = read();
    const endedMs = this.#clock.monotonicMs();
    const tookMs = endedMs - beganMs;
    const goodUntilMs = tookMs < LONG_READ_MS ? endedMs : endedMs + tookMs / READ_SHARE;
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(key, { asOf, runs, goodUntilMs });
    return runs;
  }
}
