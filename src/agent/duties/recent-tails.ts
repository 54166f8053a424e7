/**
 * The end of what scripts print, while they run and for a minute after, for whoever watches from afar. Bounded: only so
 * many finished ones are kept, the oldest go first, and of each no more than one reply carries.
 */
import type { ResultId, SentResultId } from '../../shared/ids.ts';
import type { OutputTail } from '../wire/live-tail.ts';

/** The part of a running script that is needed here. */
export interface TailedScript {
  readonly done: Promise<unknown>;
  /** The last `maxBytes` of each stream so far; also right after it has ended. */
  tail(maxBytes: number): OutputTail;
}

export interface RecentTail extends OutputTail {
  readonly running: boolean;
}

export interface TailSource {
  tail(resultId: SentResultId): RecentTail | undefined;
}

/** Two streams of this, with every byte a NUL (six in JSON), still fit a message of 1 MiB. */
const TAIL_MAX_BYTES = 64 * 1024;
const KEEP_MS = 60_000;
const KEEP_MAX = 64;

interface Kept {
  readonly tail: RecentTail;
  readonly timer: NodeJS.Timeout;
}

export class RecentTails implements TailSource {
  readonly #running = new Map<SentResultId, TailedScript>();
  readonly #kept = new Map<SentResultId, Kept>();

  /** A script has started; it is followed until it is done, and remembered for a while. */
  follow(resultId: ResultId, script: TailedScript): void {
    this.#running.set(resultId, script);
    const keep = () => this.#keep(resultId, script);
    script.done.then(keep, keep);
  }

  tail(resultId: SentResultId): RecentTail | undefined {
    const running = this.#running.get(resultId);
    if (running !== undefined) return { running: true, ...running.tail(TAIL_MAX_BYTES) };
    return this.#kept.get(resultId)?.tail;
  }

  /** Forgets all of them. */
  close(): void {
    this.#running.clear();
    for (const { timer } of this.#kept.values()) clearTimeout(timer);
    this.#kept.clear();
  }

  #keep(resultId: ResultId, script: TailedScript): void {
    if (!this.#running.delete(resultId)) return;
    this.#forget(resultId);
    const timer = setTimeout(() => this.#forget(resultId), KEEP_MS).unref();
    this.#kept.set(resultId, { tail: { running: false, ...script.tail(TAIL_MAX_BYTES) }, timer });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEEP_MAX && oldest !== undefined) this.#forget(oldest);
  }

  #forget(resultId: SentResultId): void {
    clearTimeout(this.#kept.get(resultId)?.timer);
    this.#kept.delete(resultId);
  }
}
