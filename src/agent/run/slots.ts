/** Slots for scripts that run at the same time. Who waits for one is a row of the store; a stuck script holds one slot. */
export class Slots {
  readonly #capacity: () => number;
  #taken = 0;

  /** `capacity` is asked each time, since the fleet may change it. */
  constructor(capacity: () => number) {
    this.#capacity = capacity;
  }

  /** How many are free; at least 0. */
  get free(): number {
    return Math.max(0, this.#capacity() - this.#taken);
  }

  /** Takes one. False: none is free. */
  take(): boolean {
    if (this.free === 0) return false;
    this.#taken += 1;
    return true;
  }

  release(): void {
    this.#taken -= 1;
  }
}
