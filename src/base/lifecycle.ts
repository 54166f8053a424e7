/**
 * The states of a process that is started and stopped: `starting → running → draining → stopped`. What was started last
 * stops first; one step that fails or hangs does not keep the rest from stopping.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Deadline } from './deadline.ts';
import { errorText, type Logger } from './logger.ts';
import { type Watched, WatchedCell } from './watched.ts';

export type LifecycleState = 'starting' | 'running' | 'draining' | 'stopped';

interface Step {
  readonly name: string;
  stop(): void | Promise<void>;
}

/** For all the steps together that come after one that hung: most of them need no time at all. */
const LAST_STEPS_MS = 2_000;

export class Lifecycle {
  readonly #log: Logger;
  readonly #steps: Step[] = [];
  readonly #late: Promise<void>[] = [];
  readonly #state = new WatchedCell<LifecycleState>('starting');
  readonly #force = new Deadline();
  #stopping: Promise<void> | null = null;

  constructor(log: Logger) {
    this.#log = log;
  }

  get state(): Watched<LifecycleState> {
    return this.#state;
  }

  /** Has `stop` called at the end, before everything that was added earlier; at once when the stop has begun already. */
  add(name: string, stop: () => void | Promise<void>): void {
    const step = { name, stop };
    if (this.#stopping === null) this.#steps.push(step);
    else this.#late.push(this.#end(step));
  }

  running(): void {
    if (this.#state.value === 'starting') this.#state.set('running');
  }

  /** Stops everything within `forceMs`, and 2 s for what comes after a step that hung. A second call can shorten the first. */
  stop(forceMs: number): Promise<void> {
    this.#force.within(forceMs);
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#state.set('draining');
    const last = new Deadline();
    let force = this.#force;
    for (const step of this.#steps.reverse()) {
      if (await this.#endsBefore(this.#end(step), force)) continue;
      this.#log.error('a part did not stop in time', { part: step.name });
      force = last;
      force.within(LAST_STEPS_MS);
    }
    do {
      if (await this.#endsBefore(Promise.all(this.#late.splice(0)), force)) continue;
      this.#log.error('a part that came late did not stop in time');
    } while (this.#late.length > 0);
    this.#force.cancel();
    last.cancel();
    this.#state.set('stopped');
  }

  /** What ends at once has ended, also when the time was over before. */
  #endsBefore(ending: Promise<unknown>, deadline: Deadline): Promise<boolean> {
    const ended = ending.then(() => true);
    return Promise.race([ended, deadline.passed.then(() => turn(false))]);
  }

  async #end(step: Step): Promise<void> {
    try {
      await step.stop();
    } catch (error) {
      this.#log.error('a part did not stop cleanly', { part: step.name, error: errorText(error) });
    }
  }
}
