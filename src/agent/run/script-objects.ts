/**
 * The scripts that lie in the object store, on their way here (protocol §12.1). What has come of one is kept between the tries,
 * and a whole one until there is a slot for it; both are bounded, and what does not fit is fetched again (invariant 9): of those that
 * are last in line, and none is fetched before its turn that could not be kept.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { RunId } from '../../shared/ids.ts';
import type { Bus, ObjectPart } from '../bus/bus.ts';
import type { Command } from '../wire/command.ts';
import { scriptObjectText } from '../wire/result-texts.ts';
import { Turns } from './turns.ts';

const BUCKET = 'scripts';
/** Far above any script, far below what would hurt. */
const MAX_BYTES = 16 * 1024 * 1024;
/** They share one link. */
const FETCHES_MAX = 4;
/** Half of what the dispatcher has in hand at a time; those beyond wait in their rows. */
const WAITING_MAX = 128;
const PARTS_MAX_BYTES = 32 * 1024 * 1024;
const TEXTS_MAX_BYTES = 32 * 1024 * 1024;

export type Fetched =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refused'; readonly why: string }
  /** It may be had a little later. `readBytes`: so much of it is here, or was; what is kept of it may be gone with the next try. */
  | { readonly kind: 'away'; readonly why: string; readonly readBytes: number };

export interface FetchOptions {
  readonly signal: AbortSignal;
  /**
   * A schedule of this PC has fired it, and its job names no SHA-256; then the object store's own digest, which is checked with each
   * read, is all there is.
   */
  readonly isOwnFire: boolean;
}

export class ScriptObjects {
  readonly #bus: Bus;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #turns = new Turns(FETCHES_MAX, WAITING_MAX);
  readonly #parts = new Kept<ObjectPart>(PARTS_MAX_BYTES);
  readonly #texts = new Kept<string>(TEXTS_MAX_BYTES);
  #linkSinceMs: number | null = null;

  /** `signal`: nobody asks any more. */
  constructor(bus: Bus, clock: Pick<Clock, 'monotonicMs'>, signal: AbortSignal) {
    this.#bus = bus;
    this.#clock = clock;
    const follow = () => {
      const isConnected = bus.link.value.state === 'connected';
      this.#linkSinceMs = isConnected ? (this.#linkSinceMs ?? clock.monotonicMs()) : null;
    };
    signal.addEventListener('abort', bus.link.watch(follow), { once: true });
    follow();
  }

  /** For how long there has been a broker, ms; null: there is none. */
  get linkUpMs(): number | null {
    return this.#linkSinceMs === null ? null : this.#clock.monotonicMs() - this.#linkSinceMs;
  }

  /** So many more may ask for a {@link turn} now. */
  get room(): number {
    return this.#turns.room;
  }

  /** Resolves when it may be fetched, with what is to be closed after that; null: too many others wait already. */
  turn(signal: AbortSignal): Promise<Disposable | null> {
    return this.#turns.take(signal);
  }

  /**
   * The object that the command names, verified. One that can't be fetched is never run as the empty script that stands in its place.
   * Rejects with the signal's reason; what has come until then is kept for the run.
   */
  async fetch(run: RunId, wanted: NonNullable<Command['scriptObject']>, options: FetchOptions): Promise<Fetched> {
    const { signal, isOwnFire } = options;
    const { key, sha256 } = wanted;
    const refused = (why: string): Fetched => ({ kind: 'refused', why: scriptObjectText(key, why) });
    if (sha256 === null && !isOwnFire) return refused('no SHA-256 is given for it');
    const before = this.#parts.take(run);
    const read = await this.#bus.objectGet(BUCKET, key, MAX_BYTES, signal, before);
    if (read.kind === 'failed' && read.part !== undefined) {
      this.#parts.put(run, read.part, read.part.sizeBytes);
    }
    signal.throwIfAborted();
    switch (read.kind) {
      case 'absent':
        return refused('it does not exist');
      case 'failed': {
        if (!read.mayPass) return refused(read.why);
        return { kind: 'away', why: scriptObjectText(key, read.why), readBytes: read.part?.readBytes ?? 0 };
      }
      case 'value':
        if (sha256 !== null && hash('sha256', read.body) !== sha256) {
          return refused('its content is not what the command says');
        }
        return { kind: 'text', text: new TextDecoder().decode(read.body) };
    }
  }

  /** Whether one more, as large as those that are kept, could be kept as well. */
  get hasRoom(): boolean {
    return this.#texts.hasRoom;
  }

  /** Its text is here. */
  has(run: RunId): boolean {
    return this.#texts.has(run);
  }

  /** Keeps the text of a run that waits for a slot. */
  keep(run: RunId, text: string): void {
    this.#texts.put(run, text, 2 * text.length);
  }

  /** What {@link keep} has kept. */
  kept(run: RunId): string | undefined {
    return this.#texts.take(run);
  }

  /** The run has ended. */
  forget(run: RunId): void {
    this.#parts.take(run);
    this.#texts.take(run);
  }
}

/** One thing for a run, so many bytes in all; those of the runs that came last go first, since theirs is the last turn. */
class Kept<T> {
  readonly #maxBytes: number;
  readonly #byRun = new Map<RunId, { readonly value: T; readonly bytes: number }>();
  #bytes = 0;
  #largestBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** For another one of the largest that came since it was empty. */
  get hasRoom(): boolean {
    return this.#bytes + this.#largestBytes <= this.#maxBytes;
  }

  has(run: RunId): boolean {
    return this.#byRun.has(run);
  }

  put(run: RunId, value: T, bytes: number): void {
    this.take(run);
    this.#byRun.set(run, { value, bytes });
    this.#bytes += bytes;
    this.#largestBytes = Math.max(this.#largestBytes, bytes);
    while (this.#bytes > this.#maxBytes) this.#takeLast();
  }

  #takeLast(): void {
    let last: RunId | undefined;
    for (const run of this.#byRun.keys()) if (last === undefined || run > last) last = run;
    if (last !== undefined) this.take(last);
  }

  take(run: RunId): T | undefined {
    const kept = this.#byRun.get(run);
    if (kept === undefined) return undefined;
    this.#byRun.delete(run);
    this.#bytes -= kept.bytes;
    if (this.#bytes === 0) this.#largestBytes = 0;
    return kept.value;
  }
}
