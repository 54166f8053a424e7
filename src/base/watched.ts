/** A value that others can follow. Listeners run synchronously, in the order of their subscription. */
export interface Watched<T> {
  readonly value: T;
  /** Calls `listener` on each change (not for the present value). Returns the function that ends it. */
  watch(listener: (value: T) => void): () => void;
}

/** The writable side of a {@link Watched}; only its owner holds it. */
export class WatchedCell<T> implements Watched<T> {
  readonly #listeners = new Set<(value: T) => void>();
  #value: T;

  constructor(initial: T) {
    this.#value = initial;
  }

  get value(): T {
    return this.#value;
  }

  /** Stores `value` and tells the listeners, unless it is the one already held. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of Array.from(this.#listeners)) listener(value);
  }

  watch(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** Resolves once `accept` holds for the watched value; rejects with the signal's reason when aborted. */
export function until<T>(watched: Watched<T>, accept: (value: T) => boolean, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    if (accept(watched.value)) return resolve(watched.value);
    const stop = watched.watch((value) => {
      if (!accept(value)) return;
      stop();
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    });
    const onAbort = () => {
      stop();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
