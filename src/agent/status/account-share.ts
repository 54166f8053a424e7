/**
 * What one account may take of the agent's one thread. Invariants: of all calls of an account, over whatever connections, one step
 * runs at a time, and between two the event loop turns, so that all else has its turn; the time that its steps take is counted, and
 * that of each frame before it is a call; nothing of this is forgotten when a connection ends (invariant 11).
 */
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../shared/faults.ts';
import { ACTIONS, FRAMES, LOOP_TIME, READS, TokenBucket, WISHES } from './limits.ts';

/** Calls that have not been answered. */
export const MAX_CALLS_AT_ONCE = 120;
const ALL_TAKEN_RETRY_MS = 1_000;
/** A step that took longer was not at work: the process, or the PC, stood still. */
const MAX_COUNTED_MS = 1_000;
/** Frames can't be put off as steps are: who is so far behind is hung up on. */
const MAX_DEBT_MS = 10_000;

/** Waits for the next step of this account. What comes after it, up to the next wait, is to take some ms at most. */
export type Turn = () => Promise<void>;

export class AccountShare {
  readonly #clock: Clock;
  readonly #reads: TokenBucket;
  readonly #actions: TokenBucket;
  readonly #wishes: TokenBucket;
  readonly #frames: TokenBucket;
  readonly #loopTime: TokenBucket;
  #waiting: (() => void)[] = [];
  #isTurning = false;
  #calls = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#reads = new TokenBucket(READS, clock);
    this.#actions = new TokenBucket(ACTIONS, clock);
    this.#wishes = new TokenBucket(WISHES, clock);
    this.#frames = new TokenBucket(FRAMES, clock);
    this.#loopTime = new TokenBucket(LOOP_TIME, clock);
  }

  /** Counts what came in, whatever it is, also a connection. False: that was too much. */
  takeFrame(): boolean {
    return this.#frames.take() === 0 && this.#loopTime.debtMs() <= MAX_DEBT_MS;
  }

  /** Counts the time of what is done with a frame at once: it is opened, parsed and checked. */
  countFrame(work: () => void): void {
    const beganMs = this.#clock.monotonicMs();
    try {
      work();
    } finally {
      this.#spendSince(beganMs);
    }
  }

  /** Counts a call; a Fault refuses it. */
  takeCall(kind: 'read' | 'action'): Fault | null {
    const waitMs = (kind === 'read' ? this.#reads : this.#actions).take();
    if (waitMs > 0) return new Fault('rate_limited', 'too many calls', { retryInMs: waitMs });
    if (this.#calls < MAX_CALLS_AT_ONCE) return null;
    return new Fault('rate_limited', 'too many calls at once', { retryInMs: ALL_TAKEN_RETRY_MS });
  }

  /** Counts a wish about an update; a Fault refuses it. */
  takeWish(): Fault | null {
    const waitMs = this.#wishes.take();
    return waitMs > 0 ? new Fault('rate_limited', 'too many wishes', { retryInMs: waitMs }) : null;
  }

  /** Runs a call in the turns of this account; it asks for each further one itself. */
  async inTurn<T>(call: () => T | Promise<T>): Promise<T> {
    this.#calls += 1;
    try {
      await this.turn();
      return await call();
    } finally {
      this.#calls -= 1;
    }
  }

  readonly turn: Turn = () =>
    new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#next();
    });

  #next(): void {
    if (this.#isTurning || this.#waiting.length === 0) return;
    this.#isTurning = true;
    const debtMs = this.#loopTime.debtMs();
    if (debtMs === 0) this.#step();
    else setTimeout(() => this.#step(), debtMs).unref();
  }

  /**
   * Two callbacks of one phase of the loop, one right after the other: in between lies the step, and nothing else. The next one
   * is in another turn of the loop.
   */
  #step(): void {
    let beganMs = 0;
    setImmediate(() => {
      beganMs = this.#clock.monotonicMs();
      this.#waiting.shift()?.();
    });
    setImmediate(() => {
      this.#spendSince(beganMs);
      this.#isTurning = false;
      this.#next();
    });
  }

  #spendSince(beganMs: number): void {
    this.#loopTime.spend(Math.min(this.#clock.monotonicMs() - beganMs, MAX_COUNTED_MS));
  }
}

/** One for each account that was ever served; there are as many as people who sign in. */
export class AccountShares {
  readonly #clock: Clock;
  readonly #shares = new Map<string, AccountShare>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(account: string): AccountShare {
    const known = this.#shares.get(account);
    if (known !== undefined) return known;
    const share = new AccountShare(this.#clock);
    this.#shares.set(account, share);
    return share;
  }
}
