/** The fires that are being decided or written. Invariants: each is so once at a time; none rejects, whoever awaits it and when. */
export class PendingFires {
  readonly #now = new Map<string, Promise<void>>();
  readonly #onFailed: (name: string, error: unknown) => void;

  constructor(onFailed: (name: string, error: unknown) => void) {
    this.#onFailed = onFailed;
  }

  begin(name: string, fire: () => Promise<unknown>): void {
    if (this.#now.has(name)) return;
    const done = fire()
      .catch((error: unknown) => this.#onFailed(name, error))
      .then(() => void this.#now.delete(name));
    this.#now.set(name, done);
  }

  /** Those that have begun until now have come to their end. */
  async settled(): Promise<void> {
    await Promise.all(this.#now.values());
  }
}
