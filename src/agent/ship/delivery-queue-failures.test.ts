/** What becomes of rows that can not be delivered, by themselves or all together (invariant 5). */
import { describe, expect, test } from 'vitest';
import { deliveryQueue } from '../../../test/support/delivery-queue.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { enqueue, rowIds } from '../../../test/support/outbox.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import type { SentRequestId, SentResultId } from '../../shared/ids.ts';
import { ASK_AGAIN_MS, type PublishOutcome } from '../bus/bus.ts';
import { encodeResult, RESULT_HEADER_BYTES } from '../wire/result.ts';
import type { Failure } from './kept-back.ts';

const STORED: PublishOutcome = { kind: 'stored' };
const NO_STREAM: Failure = { kind: 'unavailable', full: false, why: 'no stream' };
const FORBIDDEN: Failure = { kind: 'forbidden', why: 'Permissions Violation' };
const FULL: Failure = { kind: 'unavailable', full: true, why: 'maximum bytes exceeded' };
const TOO_LARGE: Failure = { kind: 'too_large', why: 'message size exceeds maximum allowed' };

/** A result with so much output. */
function resultOf(outputBytes: number): Uint8Array {
  return encodeResult({
    resultId: 'big' as SentResultId,
    requestId: 'r' as SentRequestId,
    execId: null,
    pcId: 'PC',
    exitCode: 0,
    stdout: 'x'.repeat(outputBytes),
    stderr: '',
    startedAtNs: 0n,
    finishedAtNs: 0n,
    manifestId: null,
    skipped: false,
  });
}

describe('a row that fails', () => {
  test('while others get through steps aside, each time for longer', async () => {
    const { outbox, bus, time, queue, shipAll, published } = deliveryQueue();
    bus.onPublish = ({ id }) => (id === 'bad' ? NO_STREAM : STORED);
    await enqueue(outbox, ['bad', 'good1']);
    await shipAll();
    expect(queue.ship()).toBe(1_000);
    time.ms += 1_000;
    await enqueue(outbox, ['good2']);
    await shipAll();
    expect(queue.ship()).toBe(2_000);
    expect(published()).toEqual(['bad', 'good1', 'bad', 'good2']);
    expect(outbox.waiting(true, 9)).toMatchObject([{ id: 'bad', attempts: 2, parkedAtMs: null }]);
    expect([queue.held, queue.idle]).toEqual([false, true]);
  });

  test.each([
    ['as long as its many tries say, where others get through', ['good', 'old'], 60_000],
    ['no longer than the queue does, where nothing gets through', ['bad', 'old'], 10_000],
  ])('waits %s', async (_name, ids, pauseMs) => {
    const { outbox, bus, time, shipAll } = deliveryQueue();
    bus.onPublish = ({ id }) => (id === 'good' ? STORED : NO_STREAM);
    await enqueue(outbox, ids);
    const old = outbox.newestSeq();
    for (let tries = 0; tries < 10; tries++) await outbox.retryAt(old, 0, 'no');
    await shipAll();
    expect(outbox.nextDueUpMs(true, time.ms + 1_000)).toBe(time.ms + pauseMs);
  });

  test.each([
    ['a permission', FORBIDDEN, ASK_AGAIN_MS],
    ['want of room', FULL, 0],
  ])('for %s is never parked, and is told for as long as it does', async (_name, failure, atLeastMs) => {
    const { outbox, bus, time, told, queue, shipAll } = deliveryQueue();
    let fails = true;
    bus.onPublish = ({ id }) => (id === 'a' && fails ? failure : STORED);
    await enqueue(outbox, ['a']);
    await shipAll();
    expect([told.at(-1), outbox.counts().parked]).toEqual([failure, 0]);
    const dueInMs = queue.ship();
    expect(dueInMs).toBeGreaterThan(atLeastMs);
    fails = false;
    time.ms += dueInMs;
    await shipAll();
    expect([told.at(-1), outbox.counts().waiting]).toEqual([null, 0]);
  });

  test.each([
    ['is rejected', { kind: 'rejected', why: 'no' } as const],
    ['is too large and has nothing to cut', TOO_LARGE],
  ])('and %s is parked for a day, and holds up nobody', async (_name, failure) => {
    const { outbox, bus, told, queue, shipAll, published } = deliveryQueue();
    bus.onPublish = ({ id }) => (id === 'a' ? failure : STORED);
    await enqueue(outbox, ['a', 'b']);
    await shipAll();
    expect(published()).toEqual(['a', 'b']);
    expect(outbox.counts()).toMatchObject({ waiting: 0, parked: 1 });
    expect(queue.ship()).toBe(86_400_000);
    expect(told.every((each) => each === null)).toBe(true);
  });

  test('and of which that could not be noted makes all of them pause, since it still looks due', async () => {
    const { outbox, bus, time, queue, shipAll, published } = deliveryQueue();
    bus.onPublish = () => NO_STREAM;
    const retryAt = outbox.retryAt.bind(outbox);
    outbox.retryAt = () => Promise.reject(new Error('disk is full'));
    await enqueue(outbox, ['a']);
    await shipAll();
    expect(queue.ship()).toBe(STORE_RETRY_MS);
    outbox.retryAt = retryAt;
    time.ms += STORE_RETRY_MS;
    await shipAll();
    expect(published()).toEqual(['a', 'a']);
  });
});

describe('a result that is too large', () => {
  const big = { kind: 'result', subject: 'results.r', body: resultOf(200_000) } as const;

  test('for its stream is cut from try to try until it fits, and so is the next one on this connection', async () => {
    const { outbox, bus, queue, shipAll } = deliveryQueue();
    bus.onPublish = ({ body }) => (body.length > 50_000 ? TOO_LARGE : STORED);
    const sizes = async (id: string) => {
      await outbox.put({ ...big, id }, 1);
      while (outbox.counts().waiting > 0) await shipAll();
      return bus.published.filter((each) => each.id === id).map(({ body }) => body.length);
    };
    const first = await sizes('first');
    expect(first[0]).toBe(big.body.length);
    for (const [at, size] of first.slice(1).entries()) expect(size).toBeLessThanOrEqual((first[at] ?? 0) * 0.75);
    expect(first.at(-1)).toBeGreaterThan(30_000);
    expect(await sizes('second')).toEqual([first.at(-1)]);
    queue.connected();
    expect((await sizes('third'))[0]).toBe(big.body.length);
    expect(outbox.counts().parked).toBe(0);
  });

  test('for the server of this connection is cut before it is sent, and stays whole in the store', async () => {
    const { outbox, bus, queue, shipAll } = deliveryQueue();
    bus.link.set({ ...bus.link.value, maxPayloadBytes: 10_000 });
    bus.onPublish = () => ({ kind: 'lost', why: 'cut' });
    await outbox.put({ ...big, id: 'a' }, 1);
    await shipAll();
    const [sent] = bus.published;
    expect(sent?.body.length).toBeLessThanOrEqual(10_000 - RESULT_HEADER_BYTES);
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ result_id: 'big', exit_code: 0 });
    expect(outbox.waiting(true, 1)[0]?.body).toHaveLength(big.body.length);
    expect(queue.held).toBe(false);
  });
});

describe('where nothing gets through', () => {
  test('one row at a time asks, less and less often; with the first that is stored all are due', async () => {
    const { outbox, bus, time, told, queue, shipAll, published } = deliveryQueue();
    bus.onPublish = () => NO_STREAM;
    await enqueue(outbox, rowIds(5));
    await shipAll();
    expect([queue.held, queue.heldSinceMs, queue.idle, told.at(-1)]).toEqual([true, time.ms, true, NO_STREAM]);
    const heldSinceMs = time.ms;
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      const before = published().length;
      expect(queue.ship()).toBe(pauseMs);
      time.ms += pauseMs;
      await shipAll();
      expect(published()).toHaveLength(before + 1);
    }
    expect(queue.heldSinceMs).toBe(heldSinceMs);
    await outbox.retryAt(outbox.newestSeq(), 1e12, 'no');
    bus.onPublish = () => STORED;
    time.ms += 10_000;
    await shipAll();
    expect([queue.held, queue.heldSinceMs, told.at(-1)]).toEqual([false, null, null]);
    await eventually(() => expect(outbox.due(true, time.ms, 9)).toHaveLength(4));
    // The next time begins with the short pause.
    bus.onPublish = () => NO_STREAM;
    await shipAll();
    expect([queue.held, queue.ship()]).toEqual([true, 1_000]);
  });

  test.each([
    [3, 'result', false],
    [4, 'result', true],
    [4, 'started', true],
    [9, 'event', false],
    [9, 'inventory', false],
  ] as const)('%i tries of kind %s say so: %s', async (count, kind, held) => {
    const { outbox, bus, queue, shipAll } = deliveryQueue({ results: kind === 'result' });
    bus.onPublish = () => NO_STREAM;
    await enqueue(outbox, rowIds(count), kind);
    await shipAll();
    expect(queue.held).toBe(held);
  });

  test('an event, for which a fleet may have no place, is hardly asked for', async () => {
    const { outbox, bus, time, shipAll } = deliveryQueue({ results: false });
    bus.onPublish = () => NO_STREAM;
    // Nor is it where nothing else gets through.
    await enqueue(outbox, ['s'], 'started');
    await enqueue(outbox, ['a'], 'event');
    for (let tries = 0; tries < 20; tries++) await outbox.retryAt(outbox.newestSeq(), 0, 'no');
    await shipAll();
    expect(outbox.nextDueUpMs(false, time.ms + 1_000)).toBeGreaterThan(time.ms + 400_000);
  });
});
