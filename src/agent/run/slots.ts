/** Places for scripts that run at the same time. Who waits is served in order of arrival; a stuck script holds one place. */
export class Slots {
  readonly #capacity: () => number;
  readonly #waiting: { readonly order: number; readonly take: () => void }[] = [];
  #taken = 0;

  /** `capacity` is asked each time, since the fleet may change it. */
  constructor(capacity: () => number) {
    this.#capacity = capacity;
  }

  get free(): boolean {
    return this.#waiting.length === 0 && this.#taken < this.#capacity();
  }

  /** Waits for a place; a lower `order` goes first. Rejects with the signal's reason when aborted. */
  acquire(order: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.free) {
      this.#taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const entry = {
        order,
        take: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = () => {
        const at = this.#waiting.indexOf(entry);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      // Mostly the newest, so the search from the end is short.
      const before = this.#waiting.findLastIndex((other) => other.order <= order);
      this.#waiting.splice(before + 1, 0, entry);
    });
  }

  release(): void {
    this.#taken -= 1;
    this.serve();
  }

  /** Gives free places away; also called when the capacity grew. */
  serve(): void {
    while (this.#taken < this.#capacity()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#taken += 1;
      next.take();
    }
  }
}
