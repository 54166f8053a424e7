/**
 * When results are stored. Invariant: a time here is never earlier than the storing, because the messages come from a
 * consumer of the stream RESULTS, which delivers only what the stream holds.
 */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { api } from '../scripts/lib/fleet.ts';
import { within } from './waiting.ts';

const PREFIX = 'results.';

export class StoredResults {
  readonly #atMs = new Map<string, number>();
  #messages = 0;
  #firstMs = 0;
  #lastMs = 0;
  #check: (() => void) | null = null;
  #subscription: Subscription | undefined;
  #consumers = 0;

  /** Follows RESULTS from now on. */
  static async follow(nc: NatsConnection): Promise<StoredResults> {
    const results = new StoredResults();
    await results.again(nc);
    return results;
  }

  /** The consumer goes with its broker. Another one each time: what is left of the last must not deliver too. */
  async again(nc: NatsConnection): Promise<void> {
    this.#subscription?.unsubscribe();
    this.#consumers += 1;
    const name = `bench-${this.#consumers}`;
    const inbox = `_INBOX.bench.${name}`;
    const callback = (_error: unknown, message: Msg) => this.#arrived(message.subject.slice(PREFIX.length));
    this.#subscription = nc.subscribe(inbox, { callback });
    await nc.flush();
    await api(nc, `CONSUMER.CREATE.RESULTS.${name}`, {
      stream_name: 'RESULTS',
      config: {
        name,
        deliver_subject: inbox,
        deliver_policy: 'new',
        ack_policy: 'none',
        mem_storage: true,
      },
    });
  }

  /** Forgets all; called between measures, when nothing is on its way. */
  reset(): void {
    this.#atMs.clear();
    this.#messages = 0;
    this.#firstMs = 0;
  }

  /** When the result was stored (`performance.now()`). */
  async stored(requestId: string, timeoutMs: number, signal: AbortSignal): Promise<number> {
    await this.#until(() => this.#atMs.has(requestId), `the result of ${requestId}`, timeoutMs, signal);
    return this.#atMs.get(requestId) ?? Number.NaN;
  }

  /** Waits until results of `count` different commands are stored; `lastMs - firstMs` is how long that took. */
  async count(count: number, timeoutMs: number, signal: AbortSignal): Promise<{ firstMs: number; lastMs: number }> {
    const done = () => this.#atMs.size >= count;
    await this.#until(done, `${count} results`, timeoutMs, signal);
    return { firstMs: this.#firstMs, lastMs: this.#lastMs };
  }

  /** Messages beyond one for each command. */
  get surplus(): number {
    return this.#messages - this.#atMs.size;
  }

  #arrived(requestId: string): void {
    this.#messages += 1;
    this.#lastMs = performance.now();
    if (this.#atMs.size === 0) this.#firstMs = this.#lastMs;
    if (!this.#atMs.has(requestId)) this.#atMs.set(requestId, this.#lastMs);
    this.#check?.();
  }

  async #until(done: () => boolean, what: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (done()) return;
    const arrived = new Promise<void>((resolve) => {
      this.#check = () => {
        if (done()) resolve();
      };
    });
    try {
      await within(arrived, `${what} (${this.#atMs.size} are there)`, timeoutMs, signal);
    } finally {
      this.#check = null;
    }
  }
}
