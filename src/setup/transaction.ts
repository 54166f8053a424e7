/**
 * Steps that are undone in reverse when a later one fails. Invariant: a step whose undoing fails does not keep the others from
 * being undone, and is said.
 */
import { errorText } from '../base/logger.ts';
import type { SetupLog } from './log.ts';

type Undo = () => void | Promise<void>;

export class Transaction {
  readonly #log: SetupLog;
  readonly #undo: { readonly what: string; readonly undo: Undo }[] = [];

  constructor(log: SetupLog) {
    this.#log = log;
  }

  /** Does `work`; what it returns undoes it. */
  async step(what: string, work: () => (Undo | null) | Promise<Undo | null>): Promise<void> {
    this.#log.say(what);
    const undo = await work();
    if (undo !== null) this.#undo.push({ what, undo });
  }

  async rollBack(): Promise<void> {
    for (const { what, undo } of this.#undo.splice(0).reverse()) {
      this.#log.say(`undoing: ${what}`);
      try {
        await undo();
      } catch (error) {
        this.#log.say(`could not be undone: ${errorText(error)}`);
      }
    }
  }
}
