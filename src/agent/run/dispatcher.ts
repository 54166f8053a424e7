/**
 * Takes admitted commands from the store and sees each of them to its one terminal row and its result (invariant 3). It reads
 * the store when nudged and never polls.
 */
import { drop } from '../base/drop.ts';
import { errorText } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import { endingOf, type Outcome, withoutRun } from '../store/ending.ts';
import type { OpenRun } from '../store/runs.ts';
import { spawnFailedText } from '../wire/result-texts.ts';
import { Journey, type JourneyOptions } from './journey.ts';
import { interrupted } from './outcomes.ts';

/** While the store takes no writes an ended run waits with its result in memory, and holds its place. */
const STORE_RETRY_MS = 1_000;
const PAGE = 200;

export interface DispatcherOptions extends JourneyOptions {
  /** Keep 124 and 126 local (`[results] publish_pin_skips = false`). */
  readonly publishPinSkips: boolean;
}

export class Dispatcher {
  readonly #o: DispatcherOptions;
  readonly #journeys = new Map<number, Journey>();
  #cursor = 0;
  #stopping = false;

  constructor(options: DispatcherOptions) {
    this.#o = options;
  }

  /**
   * Settles what an earlier process left behind: whatever ran is ended and answered 121; the rest goes through the gates
   * again. With `nothingRuns` (an old copy of the store was put back) everything open is answered 121.
   */
  async recover(nothingRuns: boolean): Promise<void> {
    for (let after = 0; ; ) {
      const page = this.#o.store.runs.open(after, PAGE);
      for (const open of page) {
        after = open.run;
        if (open.state === 'running' || nothingRuns) await this.#recoverOne(open);
      }
      if (page.length < PAGE) return;
    }
  }

  async #recoverOne(open: OpenRun): Promise<void> {
    this.#o.log.warn('a run was interrupted', { request_id: open.requestId });
    await this.#o.scripts.endLeftovers({ pid: open.pid, pidStart: open.pidStart, marker: open.resultId });
    await this.#finish(open, interrupted(open.startedAtMs, this.#o.clock.nowMs()));
  }

  /** Something may have been admitted. */
  nudge(): void {
    while (!this.#stopping) {
      const page = this.#o.store.runs.open(this.#cursor, PAGE);
      for (const open of page) {
        this.#cursor = open.run;
        if (open.state !== 'running') this.#begin(open);
      }
      if (page.length < PAGE) return;
    }
  }

  #begin(open: OpenRun): void {
    const journey = new Journey(open, this.#o);
    this.#journeys.set(open.run, journey);
    const done = this.#see(journey).finally(() => this.#journeys.delete(open.run));
    drop(done, this.#o.log, `run ${open.run}`);
  }

  async #see(journey: Journey): Promise<void> {
    const { open } = journey;
    const outcome = await journey.outcome().catch((error: unknown) => this.#failed(open, error));
    if (outcome !== 'left') await this.#finish(open, outcome);
  }

  /** IT wants everything of this execution stopped. */
  async kill(execId: string): Promise<void> {
    // At once for what is known here; through the store for what is being admitted right now.
    for (const journey of this.#journeys.values()) if (journey.open.execId === execId) journey.kill();
    const runs = await this.#o.store.runs.kill(execId, this.#o.clock.nowMs());
    this.nudge();
    for (const run of runs) this.#journeys.get(run)?.kill();
  }

  /**
   * No new work from here on. Running scripts get `graceMs`, then their trees are ended and a result is stored; what waits
   * stays admitted and is gated again at the next start (design §4).
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const journey of this.#journeys.values()) journey.leave();
    const settled = this.idle();
    const grace = new AbortController();
    await Promise.race([settled, sleep(graceMs, grace.signal).catch(() => {})]);
    grace.abort();
    for (const journey of this.#journeys.values()) journey.end('stopped');
    await settled;
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#journeys.size > 0) await sleep(5);
  }

  /** A fault of ours or a damaged row. The fleet still gets its one answer. */
  #failed(open: OpenRun, error: unknown): Outcome {
    const why = errorText(error);
    this.#o.log.error('a run failed', { request_id: open.requestId, error: why });
    const nowMs = this.#o.clock.nowMs();
    return withoutRun('START_FAILED', -1, spawnFailedText(why), { nowMs, skipped: false, detail: why });
  }

  /** Ends the run, again and again until the store takes it: a result is never dropped. */
  async #finish(open: OpenRun, outcome: Outcome): Promise<void> {
    const { store, bus, log } = this.#o;
    const ending = endingOf(outcome, { ...open, pcId: this.#o.pcId }, bus.link.value.maxPayloadBytes);
    const local = !this.#o.publishPinSkips && (outcome.reason === 'VERSION_PIN' || outcome.reason === 'REVOKED');
    for (;;) {
      try {
        await store.runs.finish(open.run, local ? { ...ending, outbox: null } : ending);
        break;
      } catch (error) {
        log.error('a result could not be stored yet', { request_id: open.requestId, error: errorText(error) });
        await sleep(STORE_RETRY_MS);
      }
    }
    log.info('a command ended', {
      request_id: open.requestId,
      id: open.manifestId,
      reason: outcome.reason,
      exit_code: outcome.exitCode,
    });
    this.#o.onQueued('result');
  }
}
