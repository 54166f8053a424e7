/**
 * A script that is run again where it fails or takes too long (protocol §6.7). To whoever ends it, it is one script: what ends an
 * attempt ends the pauses between them too, and no further attempt begins after that, nor after the last moment to start.
 */
import type { Clock } from '../../base/clock.ts';
import { sleep } from '../../base/sleep.ts';
import { NS_PER_SECOND } from '../../shared/time-units.ts';
import type { Retry } from '../wire/command.ts';
import type { EndReason, Finished, RunningScript } from './script-runner.ts';

export interface Attempted {
  /** Of the last attempt, with the start of the first. */
  readonly finished: Finished;
  /** Attempts after the first. */
  readonly retries: number;
  /** There would have been one more, but for the deadline. */
  readonly isPastDeadline: boolean;
}

export interface AttemptsOptions {
  readonly retry: Retry | null;
  /** Of the command, or of the envelope that it came in; null: none. */
  readonly deadlineAtNs: bigint | null;
  readonly clock: Pick<Clock, 'nowMs' | 'nowNs'>;
}

export class Attempts {
  /** Never rejects, but for a bug in `start`. */
  readonly done: Promise<Attempted>;
  readonly #start: () => RunningScript;
  readonly #options: AttemptsOptions;
  readonly #ended = new AbortController();
  #reason: EndReason | null = null;
  #current: RunningScript;

  /** Starts the first attempt in this turn, as a script alone would be (invariant 7). */
  constructor(start: () => RunningScript, options: AttemptsOptions) {
    this.#start = start;
    this.#options = options;
    this.#current = start();
    this.done = this.#run();
  }

  end(reason: EndReason): void {
    this.#reason ??= reason;
    this.#ended.abort(new Error(reason));
    this.#current.end(reason);
  }

  async #run(): Promise<Attempted> {
    const { retry, clock } = this.#options;
    const { max, backoffSecs } = retry ?? { max: 0, backoffSecs: 0 };
    const first = await this.#current.done;
    let finished = first;
    let retries = 0;
    let isPastDeadline = false;
    while (retries < max && hasFailed(finished) && this.#reason === null) {
      // A pause that ends after the deadline keeps the fleet waiting for nothing; afterwards the clock may have been set.
      isPastDeadline = this.#isPastDeadlineIn(backoffSecs);
      if (isPastDeadline) break;
      await sleep(backoffSecs * 1000, this.#ended.signal).catch(() => {});
      if (this.#reason !== null) {
        finished = { ...finished, outcome: { kind: this.#reason }, finishedAtMs: clock.nowMs() };
        break;
      }
      isPastDeadline = this.#isPastDeadlineIn(0);
      if (isPastDeadline) break;
      retries += 1;
      this.#current = this.#start();
      finished = await this.#current.done;
    }
    return { finished: { ...finished, startedAtMs: first.startedAtMs }, retries, isPastDeadline };
  }

  /** Exactly at it may still start, as at the gate. */
  #isPastDeadlineIn(secs: number): boolean {
    const { deadlineAtNs, clock } = this.#options;
    return deadlineAtNs !== null && clock.nowNs() + BigInt(secs) * NS_PER_SECOND > deadlineAtNs;
  }
}

function hasFailed({ outcome }: Finished): boolean {
  return (
    outcome.kind === 'timeout' || outcome.kind === 'signalled' || (outcome.kind === 'exited' && outcome.code !== 0)
  );
}
