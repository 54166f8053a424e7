/**
 * A script that is run again where it fails or takes too long (protocol §6.7). To whoever ends it, it is one script: what ends an
 * attempt ends the pauses between them too, and no further attempt begins after that.
 */
import type { Clock } from '../../base/clock.ts';
import { sleep } from '../../base/sleep.ts';
import type { Retry } from '../wire/command.ts';
import type { EndReason, Finished, RunningScript } from './script-runner.ts';

export interface Attempted {
  /** Of the last attempt, with the start of the first. */
  readonly finished: Finished;
  /** Attempts after the first. */
  readonly retries: number;
}

export class Attempts {
  /** Never rejects, but for a bug in `start`. */
  readonly done: Promise<Attempted>;
  readonly #start: () => RunningScript;
  readonly #retry: Retry | null;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #ended = new AbortController();
  #reason: EndReason | null = null;
  #current: RunningScript;

  /** Starts the first attempt in this turn, as a script alone would be (invariant 7). */
  constructor(start: () => RunningScript, retry: Retry | null, clock: Pick<Clock, 'nowMs'>) {
    this.#start = start;
    this.#retry = retry;
    this.#clock = clock;
    this.#current = start();
    this.done = this.#run();
  }

  end(reason: EndReason): void {
    this.#reason ??= reason;
    this.#ended.abort(new Error(reason));
    this.#current.end(reason);
  }

  async #run(): Promise<Attempted> {
    const first = await this.#current.done;
    let finished = first;
    let retries = 0;
    while (retries < (this.#retry?.max ?? 0) && hasFailed(finished) && this.#reason === null) {
      await sleep((this.#retry?.backoffSecs ?? 0) * 1000, this.#ended.signal).catch(() => {});
      if (this.#reason !== null) {
        finished = { ...finished, outcome: { kind: this.#reason }, finishedAtMs: this.#clock.nowMs() };
        break;
      }
      retries += 1;
      this.#current = this.#start();
      finished = await this.#current.done;
    }
    return { finished: { ...finished, startedAtMs: first.startedAtMs }, retries };
  }
}

function hasFailed({ outcome }: Finished): boolean {
  return (
    outcome.kind === 'timeout' || outcome.kind === 'signalled' || (outcome.kind === 'exited' && outcome.code !== 0)
  );
}
