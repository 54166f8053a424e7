/**
 * The states of a process that is started and stopped: `starting → running → draining → stopped`. What was started last
 * stops first; one step that fails or hangs does not keep the rest from stopping.
 */
import { errorText, type Logger } from './logger.ts';
import { sleep } from './sleep.ts';
import { type Watched, WatchedCell } from './watched.ts';

export type LifecycleState = 'starting' | 'running' | 'draining' | 'stopped';

interface Step {
  readonly name: string;
  stop(): void | Promise<void>;
}

export class Lifecycle {
  readonly #log: Logger;
  readonly #steps: Step[] = [];
  readonly #state = new WatchedCell<LifecycleState>('starting');
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
    else void this.#end(step);
  }

  running(): void {
    if (this.#state.value === 'starting') this.#state.set('running');
  }

  /** Stops everything within `forceMs`. A second call waits for the first. */
  stop(forceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(forceMs);
    return this.#stopping;
  }

  async #stop(forceMs: number): Promise<void> {
    this.#state.set('draining');
    const force = new AbortController();
    const late = sleep(forceMs, force.signal).then(
      () => true,
      () => false,
    );
    for (const step of this.#steps.reverse()) {
      const done = this.#end(step).then(() => false);
      if (await Promise.race([done, late])) this.#log.error('a part did not stop in time', { part: step.name });
    }
    force.abort();
    this.#state.set('stopped');
  }

  async #end(step: Step): Promise<void> {
    try {
      await step.stop();
    } catch (error) {
      this.#log.error('a part did not stop cleanly', { part: step.name, error: errorText(error) });
    }
  }
}
