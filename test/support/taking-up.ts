/** One run, as the dispatcher takes it up, in a world of which the test moves the clocks. */
import { onTestFinished } from 'vitest';
import { ActiveRun } from '../../src/agent/run/active-run.ts';
import type { Offer, Slot } from '../../src/agent/run/run-ports.ts';
import { ScriptObjects } from '../../src/agent/run/script-objects.ts';
import type { RunId } from '../../src/shared/ids.ts';
import { type RunWorld, runPorts } from './dispatching.ts';
import { ShiftedClock } from './shifted-clock.ts';

/** A slot, and how many of its kind the run holds by its own account: never fewer than none, and none in the end. */
export class OneSlot implements Slot {
  readonly offer: Offer;
  readonly isFree: boolean;
  asked = 0;
  held: number;
  /** Called before it is given. */
  onTake = () => {};

  constructor(offer: Offer, isFree: boolean) {
    this.offer = offer;
    this.isFree = isFree;
    this.held = offer === 'taken' ? 1 : 0;
  }

  take(): boolean {
    this.asked += 1;
    if (!this.isFree) return false;
    this.onTake();
    this.held += 1;
    return true;
  }

  release(): void {
    this.held -= 1;
  }
}

interface TakenUp {
  readonly offer?: Offer;
  readonly isFree?: boolean;
  readonly overRestart?: boolean;
}

/** `time.passedMs` moves its clocks. */
export function takingUp(more: RunWorld & { clock?: never } = {}) {
  const time = new ShiftedClock();
  const ports = runPorts({ ...more, clock: time });
  const nobody = new AbortController();
  onTestFinished(() => nobody.abort());
  const scriptObjects = new ScriptObjects(ports.bus, time, nobody.signal);
  /** The run as the dispatcher takes it up. */
  const takeUp = (run: RunId, { offer = 'taken', isFree = true, overRestart = false }: TakenUp = {}) => {
    const open = ports.store.inbox.get(run);
    if (open === undefined) throw new Error(`run ${run} is not open`);
    const slot = new OneSlot(offer, isFree);
    return { slot, active: new ActiveRun(open, slot, overRestart, { ...ports.options, scriptObjects }) };
  };
  return { ...ports, time, scriptObjects, takeUp };
}

/** Rejects instead of doing its work, the first time. */
export function refusesOnce<T extends unknown[], R>(work: (...args: T) => Promise<R>, onRefusal = () => {}) {
  let refusals = 0;
  return (...args: T): Promise<R> => {
    if (refusals++ > 0) return work(...args);
    onRefusal();
    return Promise.reject(new Error('database or disk is full'));
  };
}
