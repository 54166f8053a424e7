import { expect, test } from 'vitest';
import { eventually } from '../../../e2e/support/eventually.ts';
import { FakeBus } from '../../../e2e/support/fake-bus.ts';
import { testStore } from '../../../e2e/support/store.ts';
import { tempDir } from '../../../e2e/support/temp.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import type { Outbox, OutboxKind } from '../store/outbox.ts';
import { Shipper, type ShipperOptions } from './shipper.ts';

function setUp(more: Partial<ShipperOptions> = {}) {
  const { outbox } = testStore(tempDir());
  const bus = new FakeBus();
  const shipper = new Shipper({
    outbox,
    bus,
    clock: systemClock,
    log: silentLogger,
    drainPerSecond: 0,
    onFailure() {},
    random: () => 0,
    ...more,
  });
  return { outbox, bus, shipper };
}

async function queue(outbox: Outbox, ids: readonly string[], kind: OutboxKind = 'result'): Promise<void> {
  await Promise.all(ids.map((id) => outbox.put({ kind, id, subject: `${kind}.${id}`, body: Buffer.from(id) }, 1)));
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);

test('results go out in the order in which they were queued, each with its id, and are gone after the PubAck', async () => {
  const { outbox, bus, shipper } = setUp();
  await queue(outbox, names(500));
  shipper.start();
  await shipper.drained(AbortSignal.timeout(10_000));
  expect(bus.published.map(({ id }) => id)).toEqual(names(500));
  expect(outbox.counts()).toEqual({ waiting: 0, parked: 0 });
  await shipper.stop();
});

test('nothing is published while disconnected; after the connect everything is', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.disconnect();
  shipper.start();
  await queue(outbox, ['a', 'b']);
  shipper.queued('result');
  await new Promise(setImmediate);
  expect(bus.published).toEqual([]);
  bus.connect();
  await shipper.drained(AbortSignal.timeout(10_000));
  expect(bus.published.map(({ id }) => id)).toEqual(['a', 'b']);
  await shipper.stop();
});

test('a row that the server rejects is parked and holds up nobody', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.onPublish = ({ id }) => (id === 'bad' ? { kind: 'rejected', why: 'too large' } : { kind: 'stored' });
  await queue(outbox, ['bad', 'a', 'b']);
  shipper.start();
  await eventually(() => expect(outbox.counts()).toEqual({ waiting: 0, parked: 1 }));
  expect(bus.published.filter(({ id }) => id !== 'bad').map(({ id }) => id)).toEqual(['a', 'b']);
  await shipper.stop();
});

test('while the stream is away one row at a time asks, and all go when it is back', async () => {
  const { outbox, bus, shipper } = setUp();
  let away = true;
  bus.onPublish = () => (away ? { kind: 'unavailable', why: 'no stream' } : { kind: 'stored' });
  await queue(outbox, names(300));
  shipper.start();
  await eventually(() => expect(bus.published.length).toBeGreaterThanOrEqual(257));
  const asked = bus.published.length;
  away = false;
  await shipper.drained(AbortSignal.timeout(20_000));
  expect(asked).toBeLessThan(400);
  expect(new Set(bus.published.slice(asked).map(({ id }) => id))).toEqual(new Set(names(300)));
  expect(outbox.counts()).toEqual({ waiting: 0, parked: 0 });
  await shipper.stop();
});

test('what accompanies results never delays them: their own stream may be away', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.onPublish = ({ subject }) =>
    subject.startsWith('started.') ? { kind: 'unavailable', why: 'no stream' } : { kind: 'stored' };
  await queue(outbox, names(50), 'started');
  await queue(outbox, ['late']);
  shipper.start();
  await shipper.drained(AbortSignal.timeout(10_000)).catch(() => {});
  expect(outbox.counts().waiting).toBe(0);
  await shipper.stop();
});

test('a lost PubAck is answered by the same message again, with the same id', async () => {
  const { outbox, bus, shipper } = setUp();
  let lost = true;
  bus.onPublish = () => {
    if (!lost) return { kind: 'stored' };
    lost = false;
    return { kind: 'unavailable', why: 'timeout' };
  };
  await queue(outbox, ['a']);
  shipper.start();
  await shipper.drained(AbortSignal.timeout(10_000));
  expect(bus.published).toEqual([
    { subject: 'result.a', body: 'a', id: 'a' },
    { subject: 'result.a', body: 'a', id: 'a' },
  ]);
  await shipper.stop();
});

test('a backlog goes at the set rate, what is queued later is not held to it', async () => {
  const { outbox, bus, shipper } = setUp({ drainPerSecond: 100 });
  await queue(outbox, names(60));
  const startedAt = performance.now();
  shipper.start();
  await shipper.drained(AbortSignal.timeout(20_000));
  // 60 rows at 100/s can't be done in less than 0.4 s (a tenth of a second may go at once); a lower bound, not a speed.
  expect(performance.now() - startedAt).toBeGreaterThan(400);
  const before = bus.published.length;
  await queue(outbox, ['x', 'y', 'z']);
  shipper.queued('result');
  await shipper.drained(AbortSignal.timeout(10_000));
  expect(bus.published.slice(before).map(({ id }) => id)).toEqual(['x', 'y', 'z']);
  await shipper.stop();
});

test.each([
  ['after a minute and more away the start is spread', 61_001, 1],
  ['after a short loss it is not', 30_000, 0],
])('%s', async (_name, awayMs, draws) => {
  let drawn = 0;
  const random = () => {
    drawn += 1;
    return 0.001;
  };
  const { outbox, bus, shipper } = setUp({ random });
  shipper.start();
  await new Promise(setImmediate);
  bus.disconnect(1_000);
  await new Promise(setImmediate);
  await queue(outbox, ['a']);
  bus.connect(1_000 + awayMs);
  await shipper.drained(AbortSignal.timeout(10_000));
  expect([drawn, bus.published.map(({ id }) => id)]).toEqual([draws, ['a']]);
  await shipper.stop();
});

test('a row that alone is never answered does not hold up what is queued after it', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.onPublish = ({ id }) => (id === 'bad' ? { kind: 'unavailable', why: 'timeout' } : { kind: 'stored' });
  await queue(outbox, ['bad']);
  shipper.start();
  await eventually(() => expect(bus.published.length).toBeGreaterThanOrEqual(5));
  await queue(outbox, ['good']);
  shipper.queued('result');
  await eventually(() => expect(bus.published.map(({ id }) => id)).toContain('good'));
  await shipper.stop();
});
