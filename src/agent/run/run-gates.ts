/**
 * The gates as one run meets them: on its way, where their facts may be read again before they are believed, and once more right
 * before the spawn (invariant 8). Holds no slot.
 */
import { untilDone } from '../../base/retry.ts';
import { sleep } from '../../base/sleep.ts';
import { orAbort } from '../../base/waiting.ts';
import { decide, decideBeforeSpawn, type Facts, type Refusal } from '../gates/decide.ts';
import type { Outcome } from '../results/ending.ts';
import type { Command } from '../wire/command.ts';
import { refused } from './outcomes.ts';
import type { ActiveRunOptions } from './run-ports.ts';

/** Pauses before the pin is read again: the backend publishes first and pins after (D5). */
const PIN_REREAD_MS: readonly number[] = [250, 1_000, 3_000];
/** Pauses before a read that failed is tried again, where what the fleet says now counts: strict, or waited over a restart. */
const FRESH_REREAD_MS: readonly number[] = [250, 1_000, 3_000];

export interface RunGatesOptions extends Pick<ActiveRunOptions, 'facts' | 'bus' | 'clock' | 'pinRereadMs'> {
  /** A schedule of this PC has fired it. */
  readonly isOwnFire: boolean;
  /** It was admitted before this process began. */
  readonly overRestart: boolean;
  readonly signal: AbortSignal;
}

export class RunGates {
  readonly #options: RunGatesOptions;

  constructor(options: RunGatesOptions) {
    this.#options = options;
  }

  /** null: it may go on its way. */
  async onItsWay(command: Command): Promise<Outcome | null> {
    const { bus, clock, signal } = this.#options;
    const needsFresh = this.#options.overRestart || command.staleness.mode === 'strict';
    for (let reread = 0, stale = 0; ; ) {
      const facts = await this.#facts(command);
      const isConnected = bus.link.value.state === 'connected';
      const freshPauseMs = needsFresh && !facts.fresh && isConnected ? FRESH_REREAD_MS[stale++] : undefined;
      if (freshPauseMs !== undefined) {
        await sleep(freshPauseMs, signal);
        continue;
      }
      const verdict = decide(command, facts, clock.nowNs());
      if (verdict.go) return null;
      const pauseMs = (this.#options.pinRereadMs ?? PIN_REREAD_MS)[reread++];
      if (verdict.reason !== 'VERSION_PIN' || pauseMs === undefined) return this.#refused(verdict, facts);
      await sleep(pauseMs, signal);
    }
  }

  /** A text: it may start, and this is what the gates have seen. */
  async beforeSpawn(command: Command): Promise<Outcome | string> {
    const facts = await this.#facts(command);
    this.#options.signal.throwIfAborted();
    const verdict = decideBeforeSpawn(command, facts, this.#options.clock.nowNs());
    return verdict.go ? factsText(facts) : this.#refused(verdict, facts);
  }

  /** While nobody knows whether the command was withdrawn, it waits. */
  #facts(command: Command): Promise<Facts> {
    const { facts, isOwnFire, signal } = this.#options;
    return untilDone(
      () => orAbort(facts.gather(command, isOwnFire), signal),
      signal,
      () => {},
    );
  }

  #refused(verdict: Refusal, facts: Facts): Outcome {
    return refused(verdict, this.#options.clock.nowMs(), factsText(facts));
  }
}

function factsText(facts: Facts): string {
  return JSON.stringify({ ...facts, viewAgeMs: Number.isFinite(facts.viewAgeMs) ? facts.viewAgeMs : null });
}
