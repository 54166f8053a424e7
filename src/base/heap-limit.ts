/**
 * Keeps the heap small. In a burst nearly everything that is made is garbage at once, and V8 lets it grow to several times of
 * what lives before it looks; the memory that it took then is not given back for long. So it is made to look sooner.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What lives takes some 15 MB; much more than that is mostly garbage. */
const LARGE_BYTES = 26 * 1024 * 1024;
const POLL_EVERY_MS = 25;
/** A collection takes some 15 ms, and where all of it lives it changes nothing. */
const REST_MS = 200;
const GROWTH_BYTES = 12 * 1024 * 1024;
const QUIET_MS = 2_000;
/** By then what a start needs is loaded. V8 would not get to what it leaves behind for hours, since so little is made afterwards. */
const STARTED_MS = 3_000;

export class HeapLimit {
  readonly #trim: () => void;
  #collect: (() => void) | null = null;
  #nextCheckMs = 0;
  #checksOnceMore = false;
  #largeBytes = LARGE_BYTES;

  /** `trim`: gives back what was freed outside of V8's heap; called after each collection. */
  constructor(trim: () => void = () => {}) {
    this.#trim = trim;
  }

  /** To be called once, at the start: what it leaves behind is given back when it is over. */
  starting(): void {
    setTimeout(() => this.#collectNow(), STARTED_MS).unref();
  }

  /** To be called now and then while there is much to do; costs nothing mostly. */
  check(): void {
    const now = performance.now();
    if (now < this.#nextCheckMs) return;
    this.#nextCheckMs = now + POLL_EVERY_MS;
    if (getHeapStatistics().used_heap_size < this.#largeBytes) return;
    // What the last of it leaves is checked when all is quiet.
    if (!this.#checksOnceMore) setTimeout(() => this.#whenQuiet(), QUIET_MS).unref();
    this.#checksOnceMore = true;
    this.#collectNow();
    this.#nextCheckMs = now + REST_MS;
  }

  /** What lives by now is no reason to check again soon. */
  #collectNow(): void {
    this.#collect ??= collector();
    this.#collect();
    // In a turn of its own: both together would hold the loop for longer.
    setImmediate(this.#trim);
    this.#largeBytes = Math.max(LARGE_BYTES, getHeapStatistics().used_heap_size + GROWTH_BYTES);
  }

  #whenQuiet(): void {
    this.#checksOnceMore = false;
    if (getHeapStatistics().used_heap_size >= this.#largeBytes) this.#collectNow();
  }
}

/** Made when it is first needed: a context of its own costs a start a millisecond, and most PCs never come so far. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
