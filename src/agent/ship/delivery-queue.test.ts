import { describe, expect, test, vi } from 'vitest';
import { deliveryQueue } from '../../../test/support/delivery-queue.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { enqueue, rowIds } from '../../../test/support/outbox.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import { OUTBOX_KINDS } from '../../shared/outbox-kinds.ts';
import type { PublishOutcome } from '../bus/bus.ts';

const STORED: PublishOutcome = { kind: 'stored' };
const NO_STREAM: PublishOutcome = { kind: 'unavailable', full: false, why: 'no stream' };
const NOTHING_DUE = Number.POSITIVE_INFINITY;

describe('what is due', () => {
  test('goes in the order in which it was queued, each row under its own id, and is gone with its PubAck', async () => {
    const { outbox, bus, time, queue, shipAll } = deliveryQueue();
    await enqueue(outbox, rowIds(3));
    expect(await shipAll()).toBe(NOTHING_DUE);
    expect(bus.published).toEqual(rowIds(3).map((id) => ({ subject: `result.${id}`, body: id, id })));
    expect([outbox.counts().waiting, queue.storedAtMs, queue.idle]).toEqual([0, time.ms, true]);
  });

  test.each([
    [true, ['result']],
    [false, ['started', 'inventory', 'event']],
  ])('is of its own kinds alone (results: %s)', async (results, kinds) => {
    const { outbox, queue, shipAll, published } = deliveryQueue({ results });
    for (const kind of OUTBOX_KINDS) await enqueue(outbox, [kind], kind);
    await shipAll();
    expect(published()).toEqual(kinds);
    expect(OUTBOX_KINDS.filter((kind) => queue.carries(kind))).toEqual(kinds);
  });

  test('waits for what must be stored before it', async () => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const before = async () => {
      await gate.promise;
      order.push('before');
    };
    const { outbox, bus, queue, shipAll } = deliveryQueue({ before });
    bus.onPublish = () => {
      order.push('publish');
      return STORED;
    };
    await enqueue(outbox, ['a']);
    queue.ship();
    gate.resolve();
    await shipAll();
    expect(order).toEqual(['before', 'publish']);
  });

  test('is sent once while it is on its way, and whoever asks for it then waits for that', async () => {
    const { outbox, bus, queue, published } = deliveryQueue();
    const answer = Promise.withResolvers<PublishOutcome>();
    bus.onPublish = () => answer.promise;
    await enqueue(outbox, ['a']);
    const seq = outbox.newestSeq();
    queue.ship();
    queue.ship();
    const sent = queue.send(seq);
    expect([queue.busy, queue.idle]).toEqual([true, false]);
    answer.resolve(STORED);
    await sent;
    expect(published()).toEqual(['a']);
    expect(outbox.get(seq)).toBeUndefined();
    await queue.send(seq);
    expect(published()).toEqual(['a']);
  });

  test('is no more at a time than may be on its way, by number', async () => {
    const { outbox, bus, queue, published } = deliveryQueue({ maxInFlight: 3 });
    const answer = Promise.withResolvers<PublishOutcome>();
    bus.onPublish = () => answer.promise;
    await enqueue(outbox, rowIds(5));
    expect([queue.ship(), queue.ship()]).toEqual([NOTHING_DUE, NOTHING_DUE]);
    await eventually(() => expect(published()).toEqual(rowIds(3)));
    answer.resolve(STORED);
    // Its turn comes with the nudge of those that end.
    await eventually(() => expect(queue.busy).toBe(false));
    expect(published()).toEqual(rowIds(3));
    queue.ship();
    await eventually(() => expect(published()).toEqual(rowIds(5)));
  });

  test.each([
    ['1 MiB', Number.POSITIVE_INFINITY, 2],
    ['what a slow link carries', 1, 1],
  ])('and no more than %s, but always one', async (_what, windowBytes, count) => {
    const { outbox, bus, queue, published, shipAll } = deliveryQueue();
    bus.windowBytes = windowBytes;
    const answer = Promise.withResolvers<PublishOutcome>();
    bus.onPublish = () => answer.promise;
    for (const id of rowIds(3)) {
      await outbox.put({ kind: 'result', id, subject: 'results.r', body: Buffer.alloc(600 * 1024) }, 1);
    }
    queue.ship();
    queue.ship();
    await eventually(() => expect(published()).toEqual(rowIds(count)));
    answer.resolve(STORED);
    await eventually(() => expect(queue.busy).toBe(false));
    expect(published()).toEqual(rowIds(count));
    while (outbox.counts().waiting > 0) await shipAll();
    expect(published()).toEqual(rowIds(3));
  });
});

describe('a connection', () => {
  test('that is new makes what waits a backlog, whose rows go as they may; what is queued later is asked for nothing', async () => {
    let allowance = 1;
    const mayDrain = vi.fn(() => allowance-- > 0);
    const { outbox, queue, shipAll, published } = deliveryQueue({ mayDrain });
    await enqueue(outbox, ['old1', 'old2']);
    queue.connected();
    await enqueue(outbox, ['new1', 'new2']);
    expect(await shipAll()).toBeLessThan(STORE_RETRY_MS);
    expect(published()).toEqual(['old1']);
    allowance = 1;
    await shipAll();
    expect(published()).toEqual(['old1', 'old2', 'new1', 'new2']);
    expect(mayDrain).toHaveBeenCalledTimes(3);
  });

  test('that is new asks for each row of the backlog once, however often it is looked at', async () => {
    const mayDrain = vi.fn(() => true);
    const { outbox, bus, queue } = deliveryQueue({ mayDrain });
    const answer = Promise.withResolvers<PublishOutcome>();
    bus.onPublish = () => answer.promise;
    await enqueue(outbox, ['a', 'b']);
    queue.connected();
    queue.ship();
    queue.ship();
    expect(mayDrain).toHaveBeenCalledTimes(2);
    answer.resolve(STORED);
    await eventually(() => expect(queue.busy).toBe(false));
  });

  test('that is new forgets that nothing got through before', async () => {
    const { outbox, bus, queue, shipAll, published } = deliveryQueue();
    bus.onPublish = () => NO_STREAM;
    await enqueue(outbox, rowIds(4));
    await shipAll();
    expect(queue.held).toBe(true);
    bus.onPublish = () => STORED;
    queue.connected();
    expect([queue.held, queue.heldSinceMs]).toEqual([false, null]);
    await enqueue(outbox, ['a', 'b']);
    await shipAll();
    expect(published().slice(4)).toEqual(['a', 'b']);
  });

  test('that is lost has nothing to do with the row, which counts no try', async () => {
    const onFailure = vi.fn();
    const { outbox, bus, time, queue, shipAll, published } = deliveryQueue({ onFailure });
    bus.onPublish = () => ({ kind: 'lost', why: 'cut' });
    await enqueue(outbox, ['a']);
    await shipAll();
    expect(outbox.waiting(true, 1)).toMatchObject([{ attempts: 0 }]);
    expect(onFailure).toHaveBeenCalledTimes(1);
    bus.onPublish = () => STORED;
    const pauseMs = queue.ship();
    expect(pauseMs).toBeLessThan(STORE_RETRY_MS);
    await loopTurn();
    expect(published()).toEqual(['a']);
    time.ms += pauseMs;
    await shipAll();
    expect([published(), outbox.counts().waiting]).toEqual([['a', 'a'], 0]);
  });
});

describe('a PubAck', () => {
  test('that comes late counts: the row is gone, and is not sent again', async () => {
    const { outbox, bus, time, queue, shipAll, published } = deliveryQueue();
    let late = () => {};
    bus.onPublish = (_message, { onLate = () => {} }) => {
      late = onLate;
      return NO_STREAM;
    };
    await enqueue(outbox, ['a']);
    await shipAll();
    late();
    expect(queue.busy).toBe(true);
    await eventually(() => expect(queue.busy).toBe(false));
    expect(outbox.counts()).toMatchObject({ waiting: 0, parked: 0 });
    time.ms += 60_000;
    await shipAll();
    expect(published()).toEqual(['a']);
  });

  test('of a row that can not be deleted yet is remembered: it is not sent again, and goes when the store takes it', async () => {
    const nudge = vi.fn();
    const { outbox, time, queue, published } = deliveryQueue({ nudge });
    const delivered = outbox.delivered.bind(outbox);
    const refused = vi.fn(() => Promise.reject(new Error('disk is full')));
    outbox.delivered = refused;
    await enqueue(outbox, ['a', 'b']);
    queue.ship();
    await eventually(() => expect(nudge).toHaveBeenCalledTimes(2));
    time.ms += queue.ship();
    queue.connected();
    expect([queue.ship(), queue.busy, queue.idle]).toEqual([NOTHING_DUE, true, false]);
    await queue.send(outbox.newestSeq());
    expect(queue.settle()).toBe(true);
    await eventually(() => expect(refused).toHaveBeenCalledTimes(3));
    const taken = vi.fn(delivered);
    outbox.delivered = taken;
    await eventually(() => expect(queue.settle()).toBe(false));
    // Of the pass that failed, one row alone was asked for.
    expect([refused.mock.calls.length, taken.mock.calls.length]).toEqual([3, 2]);
    expect([published(), outbox.counts().waiting, queue.busy]).toEqual([['a', 'b'], 0, false]);
    expect(nudge).toHaveBeenCalledTimes(3);
  });

  test.each([
    [255, 1],
    [256, 0],
  ])('with %i of such rows %i more are sent', async (unsettled, more) => {
    const nudge = vi.fn();
    const { outbox, time, queue, published } = deliveryQueue({ nudge });
    outbox.delivered = () => Promise.reject(new Error('disk is full'));
    await enqueue(outbox, rowIds(unsettled));
    queue.ship();
    await eventually(() => expect(nudge).toHaveBeenCalledTimes(unsettled));
    time.ms += STORE_RETRY_MS;
    await enqueue(outbox, ['more']);
    queue.ship();
    // Nothing between here and the broker in memory takes longer.
    await loopTurn();
    expect(published().slice(unsettled)).toEqual(['more'].slice(0, more));
  });
});
