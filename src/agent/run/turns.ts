/** Work that is done by so many at a time, in the order in which they asked; only a bounded number waits for it. */
import { atEnd } from '../../base/at-end.ts';
import { orAbort } from '../../base/waiting.ts';

export class Turns {
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(atATime: number, maxWaiting: number) {
    this.#free = atATime;
    this.#maxWaiting = maxWaiting;
  }

  /** Resolves with what ends the turn; null: too many wait already. Rejects with the signal's reason. */
  async take(signal: AbortSignal): Promise<Disposable | null> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else if (this.#waiting.length >= this.#maxWaiting) return null;
    else await this.#wait(signal);
    return atEnd(() => this.#end());
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn.resolve);
    try {
      await orAbort(turn.promise, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(turn.resolve);
      if (at >= 0) this.#waiting.splice(at, 1);
      // It was given in the same moment.
      else this.#end();
      throw error;
    }
  }

  #end(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
