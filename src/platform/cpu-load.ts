/** How busy the processors are. */
import { cpus } from 'node:os';

/** Since the start of the system, in ms of all processors together. */
interface Sample {
  readonly busyMs: number;
  readonly totalMs: number;
  readonly atMs: number;
}

/** Below that the counts of the system say too little. */
const SHORTEST_MS = 1_000;

/** How busy the processors of this PC were between two polls; nothing is measured while nobody asks. */
export class CpuLoad {
  #before: Sample | null = null;
  #percent: number | null = null;
  readonly #read: () => Sample;

  constructor(read: () => Sample = readSample) {
    this.#read = read;
  }

  /** Since it was asked last, 0 to 100; null: this is the first, or it was a moment ago. */
  percent(): number | null {
    const now = this.#read();
    const before = this.#before;
    if (before !== null && now.atMs - before.atMs < SHORTEST_MS) return this.#percent;
    this.#before = now;
    const totalMs = before === null ? 0 : now.totalMs - before.totalMs;
    this.#percent = before === null || totalMs <= 0 ? null : (100 * (now.busyMs - before.busyMs)) / totalMs;
    return this.#percent;
  }
}

function readSample(): Sample {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    const all = Object.values(times).reduce((sum, each) => sum + each, 0);
    totalMs += all;
    busyMs += all - times.idle;
  }
  return { busyMs, totalMs, atMs: performance.now() };
}
