/** One queue of the outbox: a real store, a broker in memory, and clocks that stand still until the test moves them. */

import { expect } from 'vitest';
import { DeliveryQueue, type DeliveryQueueOptions } from '../../src/agent/ship/delivery-queue.ts';
import type { Failure } from '../../src/agent/ship/kept-back.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { eventually } from './eventually.ts';
import { FakeBus } from './fake-bus.ts';
import { testStore } from './store.ts';
import { tempDir } from './temp.ts';

/** That of the results, unless it is told otherwise. `time.ms` is what its clocks say. */
export function deliveryQueue(more: Partial<DeliveryQueueOptions> = {}) {
  const { outbox } = testStore(tempDir());
  const bus = new FakeBus();
  const time = { ms: 1_000_000 };
  const told: (Failure | null)[] = [];
  const queue = new DeliveryQueue({
    outbox,
    bus,
    clock: { ...systemClock, monotonicMs: () => time.ms, upMs: () => time.ms },
    log: silentLogger,
    results: true,
    rowBackoff: { minMs: 1_000, maxMs: 60_000, jitter: 0 },
    holdBackoff: { minMs: 1_000, maxMs: 10_000, jitter: 0 },
    maxInFlight: 256,
    mayDrain: () => true,
    before: async () => {},
    onFailure() {},
    nudge() {},
    onTrouble: (failure) => told.push(failure),
    ...more,
  });
  /** Ships what may go now, and waits until what became of it is in the store. */
  const shipAll = async () => {
    const dueInMs = queue.ship();
    await eventually(() => expect(queue.busy).toBe(false));
    return dueInMs;
  };
  const published = () => bus.published.map(({ id }) => id);
  return { outbox, bus, time, told, queue, shipAll, published };
}
