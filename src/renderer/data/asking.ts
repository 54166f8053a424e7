/**
 * One question, asked again whenever its answer may be another one. Invariant: no more than one is open; changes that come meanwhile
 * are one more question, not one each; after the close nothing is answered any more.
 */
export class Asking<T> {
  readonly #ask: () => Promise<T>;
  readonly #answered: (answer: T) => void;
  #again = false;
  #open = false;
  #closed = false;

  /** `ask` never rejects. */
  constructor(ask: () => Promise<T>, answered: (answer: T) => void) {
    this.#ask = ask;
    this.#answered = answered;
  }

  again(): void {
    this.#again = true;
    if (!this.#open) void this.#run();
  }

  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    this.#open = true;
    while (this.#again && !this.#closed) {
      this.#again = false;
      const answer = await this.#ask();
      if (!this.#closed) this.#answered(answer);
    }
    this.#open = false;
  }
}
