/** The plans of the fleet as they are on this PC: whose they are, what of them can't be told here, and when they are due. */
import type { Clock } from '../../base/clock.ts';
import type { Store } from '../store/store.ts';
import type { Book, Entry } from './book.ts';
import { canFire, nextTime, type Senses, unsupportedParts } from './decide.ts';
import { lastSuccessOf } from './last-success.ts';
import type { LastSuccess, Plan, Unsupported } from './types.ts';

export interface PlansHereOptions {
  readonly pcId: string;
  readonly book: Pick<Book, 'job'>;
  readonly store: Pick<Store, 'completions'>;
  /** The last known groups; null: none ever were. */
  readonly groups: () => ReadonlySet<string> | null;
  /** The IANA name of this PC's zone. */
  readonly zone: () => string;
  readonly senses: Senses;
  readonly clock: Clock;
}

export class PlansHere {
  readonly #options: PlansHereOptions;

  constructor(options: PlansHereOptions) {
    this.#options = options;
  }

  isForThisPc({ target }: Entry): boolean {
    if (target === null || target.all || target.pcs.includes(this.#options.pcId)) return true;
    const groups = this.#options.groups();
    return groups !== null && target.groups.some((group) => groups.has(group));
  }

  /** It is for this PC, and can be fired here. */
  fires(entry: Entry | undefined): boolean {
    if (entry === undefined || !entry.read.ok || !this.isForThisPc(entry)) return false;
    return canFire(entry.read.plan, this.unsupported(entry.read.plan));
  }

  /** What of the plan can't be told on this PC. */
  unsupported(plan: Plan): Unsupported {
    return unsupportedParts(plan, this.#options.senses);
  }

  lastSuccess(plan: Plan): LastSuccess | null {
    return lastSuccessOf(plan, this.#options.store.completions, this.#options.book.job(plan.jobId));
  }

  /** From `afterMs` on, for all that is known; left out: from now on. */
  nextMs(plan: Plan, afterMs = this.#options.clock.nowMs()): number | null {
    return nextTime(plan, this.lastSuccess(plan), afterMs, this.zoneOf(plan));
  }

  /** A time that no moment had, since a change of this PC's zone has put its clock from `fromMs` of the new one to `nowMs`. */
  jumpedOverMs(plan: Plan, fromMs: number, nowMs: number): number | null {
    if (plan.zone === 'utc' || plan.times === null || fromMs >= nowMs) return null;
    const atMs = plan.times.next(fromMs, this.zoneOf(plan));
    return atMs !== null && atMs <= nowMs ? atMs : null;
  }

  zoneOf(plan: Plan): string {
    return plan.zone === 'utc' ? 'UTC' : this.#options.zone();
  }
}
