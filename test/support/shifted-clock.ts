/** Time that passes in a test without being waited for. */
import { type Clock, systemClock } from '../../src/base/clock.ts';

/** The clocks of this machine, ahead of it by `passedMs`: the test lets time pass without waiting for it. */
export class ShiftedClock implements Clock {
  passedMs = 0;

  nowMs = () => systemClock.nowMs() + this.passedMs;
  nowNs = () => BigInt(this.nowMs()) * 1_000_000n;
  monotonicMs = () => systemClock.monotonicMs() + this.passedMs;
  upMs = () => systemClock.upMs() + this.passedMs;
}
