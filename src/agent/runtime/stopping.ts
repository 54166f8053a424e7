/**
 * The stop of a running agent, part of the composition root. Invariant: whoever asks again with less time is heard, whatever was
 * asked before (a drain, a stop, a restart), and who wants the end does not get a restart.
 */
import { Deadline } from '../../base/deadline.ts';
import { drop } from '../../base/drop.ts';
import type { Lifecycle } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { Watched } from '../../base/watched.ts';
import type { LinkStatus } from '../bus/bus.ts';

/** Below the host's patience; what is not delivered by then goes out after the next start. */
const SHIP_AT_STOP_MS = 5_000;
const FORCE_AFTER_GRACE_MS = 15_000;

/** `restart`: within this process; `update`: the process ends, to be started again in whichever version counts then. */
export type StopEnd = 'stop' | 'restart' | 'update';

export interface StoppingOptions {
  readonly life: Lifecycle;
  /** Gives running scripts `graceMs`, then ends them; resolves when none is left. Called again when the time gets shorter. */
  readonly endScripts: (graceMs: number) => Promise<void>;
  readonly onBegin: () => void;
  readonly log: Logger;
}

export class Stopping {
  readonly #options: StoppingOptions;
  readonly #grace = new Deadline();
  readonly #stopped = Promise.withResolvers<StopEnd>();
  #end: StopEnd | null = null;
  #scriptsEnd = false;

  constructor(options: StoppingOptions) {
    this.#options = options;
  }

  /** Resolves when everything has stopped. */
  get stopped(): Promise<StopEnd> {
    return this.#stopped.promise;
  }

  /** No new work; running scripts get `graceMs`, or what is left of an earlier, shorter time. */
  ask(graceMs: number, end: StopEnd = 'stop'): void {
    const { life, log, onBegin } = this.#options;
    if (life.state.value === 'stopped') return;
    const isFirst = this.#end === null;
    if (this.#end !== 'stop') this.#end = end;
    const isShorter = this.#grace.within(graceMs);
    if (!isFirst && !isShorter) return;
    log.info(isFirst ? 'stopping' : 'stopping sooner', { grace_ms: graceMs });
    if (isFirst) onBegin();
    else if (this.#scriptsEnd) drop(this.endScripts(), log, 'ending the scripts');
    drop(this.#stop(), log, 'stopping');
  }

  async #stop(): Promise<void> {
    await this.#options.life.stop(this.#grace.leftMs + FORCE_AFTER_GRACE_MS);
    this.#grace.cancel();
    this.#stopped.resolve(this.#end ?? 'stop');
  }

  /** The step of the life cycle in which the scripts come to their end. */
  endScripts(): Promise<void> {
    this.#scriptsEnd = true;
    return this.#options.endScripts(this.#grace.leftMs);
  }
}

/** While connected, what is queued still goes out; a link that is down, or goes down meanwhile, is not waited for. */
export async function deliverAtStop(
  link: Watched<Pick<LinkStatus, 'state'>>,
  drained: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const down = new AbortController();
  const followed = ({ state }: Pick<LinkStatus, 'state'>) => {
    if (state !== 'connected') down.abort(new Error('not connected'));
  };
  const unwatch = link.watch(followed);
  followed(link.value);
  await drained(AbortSignal.any([down.signal, AbortSignal.timeout(SHIP_AT_STOP_MS)]));
  unwatch();
}
