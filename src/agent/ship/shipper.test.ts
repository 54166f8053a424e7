import { expect, test, vi } from 'vitest';
import { eventually, PATIENCE_MS } from '../../../test/support/eventually.ts';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { enqueue, rowIds } from '../../../test/support/outbox.ts';
import { arrival, ending, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { sleep } from '../../base/sleep.ts';
import type { PublishOutcome } from '../bus/bus.ts';
import type { Outbox } from '../store/outbox.ts';
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
    rowBackoff: { minMs: 20, maxMs: 200, jitter: 0 },
    holdBackoff: { minMs: 20, maxMs: 200, jitter: 0 },
    ...more,
  });
  return { outbox, bus, shipper };
}

/** All of it has arrived. */
const delivered = (outbox: Outbox) => eventually(() => expect(outbox.counts().waiting).toBe(0));

test('results go out in the order in which they were queued, each with its id, and are gone after the PubAck', async () => {
  const { outbox, bus, shipper } = setUp();
  await enqueue(outbox, rowIds(500));
  shipper.start();
  await delivered(outbox);
  expect(bus.published.map(({ id }) => id)).toEqual(rowIds(500));
  expect(outbox.counts()).toMatchObject({ waiting: 0, parked: 0 });
  await shipper.stop();
});

test('nothing is published while disconnected; after the connect everything is', async () => {
  const { outbox, bus, shipper } = setUp();
  const publishes = vi.spyOn(bus, 'publishAcked');
  bus.disconnect();
  shipper.start();
  await enqueue(outbox, ['a', 'b']);
  shipper.nudge();
  await loopTurn();
  bus.connect();
  await delivered(outbox);
  // No try is lost on a connection that is not there.
  expect(publishes.mock.calls.map(([, , id]) => id)).toEqual(['a', 'b']);
  await shipper.stop();
});

test('a stop waits for what may be delivered, and for nothing else', async () => {
  const { outbox, bus, shipper } = setUp({ holdBackoff: { minMs: 60_000, maxMs: 60_000, jitter: 0 } });
  bus.onPublish = () => ({ kind: 'unavailable', full: false, why: 'no stream' });
  await enqueue(outbox, rowIds(10));
  shipper.start();
  await shipper.drained(AbortSignal.timeout(10_000));
  expect(outbox.counts().waiting).toBe(10);
  await shipper.stop();
});

test('a store that can not be read for a moment ends nothing and is looked at again', async () => {
  const { outbox, bus, shipper } = setUp();
  const due = outbox.due.bind(outbox);
  let reads = 0;
  outbox.due = (...args) => {
    reads += 1;
    if (reads === 2) throw new Error('disk I/O error');
    return due(...args);
  };
  shipper.start();
  await enqueue(outbox, ['a']);
  shipper.nudge();
  await enqueue(outbox, ['b']);
  shipper.nudge();
  await delivered(outbox);
  expect(bus.published.map(({ id }) => id)).toEqual(['a', 'b']);
  await shipper.stop();
});

test('what is put off by the time of an earlier start of the PC is due with a connection, also where the disk was full', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.disconnect();
  await enqueue(outbox, ['a']);
  await outbox.retryAt(outbox.due(true, 0, 1)[0] ?? 0, 1e12, 'no');
  const wake = outbox.wake.bind(outbox);
  const refuse = vi.fn(() => Promise.reject(new Error('disk is full')));
  outbox.wake = refuse;
  shipper.start();
  bus.connect();
  await eventually(() => expect(refuse).toHaveBeenCalled());
  outbox.wake = wake;
  await delivered(outbox);
  expect(bus.published).toHaveLength(1);
  await shipper.stop();
});

test('a lone result goes soon after the return of its stream, however long that was away', async () => {
  const { outbox, bus, shipper } = setUp({ rowBackoff: { minMs: 20, maxMs: 600_000, jitter: 0 } });
  let away = true;
  bus.onPublish = () => (away ? { kind: 'unavailable', full: false, why: 'no stream' } : { kind: 'stored' });
  await enqueue(outbox, ['a']);
  shipper.start();
  await eventually(() => expect(bus.published.length).toBeGreaterThan(12));
  away = false;
  await delivered(outbox);
  await shipper.stop();
});

test('a delivered started event that can not be deleted yet is not sent again by its result', async () => {
  const { outbox, bus, shipper } = setUp();
  const deliver = outbox.delivered.bind(outbox);
  let full = true;
  outbox.delivered = (row, atMs) => (full ? Promise.reject(new Error('disk is full')) : deliver(row, atMs));
  await enqueue(outbox, ['a'], 'started');
  shipper.start();
  await eventually(() => expect(bus.published).toHaveLength(1));
  await enqueue(outbox, ['a']);
  shipper.nudge();
  await eventually(() => expect(bus.published).toHaveLength(2));
  // The pass that sends this one has come by the one before it.
  await enqueue(outbox, ['b'], 'started');
  shipper.nudge();
  await eventually(() => expect(bus.published).toHaveLength(3));
  expect(bus.published.map(({ subject }) => subject)).toEqual(['started.a', 'result.a', 'started.b']);
  full = false;
  await eventually(() => expect(outbox.due(false, 1e12, 1)).toEqual([]));
  await shipper.stop();
});

test.each([
  ['full', { kind: 'unavailable', full: true, why: 'maximum bytes exceeded' }, 'full'],
  ['forbidden', { kind: 'forbidden', why: 'Permissions Violation' }, 'permission'],
  ['silent', { kind: 'unavailable', full: false, why: 'no answer' }, 'no_answer'],
] as const)(
  'a broker that is %s is no reason to park anything: all of it waits, and why is said',
  async (_name, outcome, cause) => {
    const { outbox, bus, shipper } = setUp();
    let takes = false;
    bus.onPublish = () => (takes ? { kind: 'stored' } : outcome);
    await enqueue(outbox, rowIds(20));
    shipper.start();
    await eventually(() => expect(shipper.undelivered.value?.cause).toBe(cause));
    // What became of the try of each of them is noted.
    await eventually(() => expect(outbox.waiting(true, 99).filter(({ attempts }) => attempts > 0)).toHaveLength(20));
    expect(outbox.counts()).toMatchObject({ waiting: 20, parked: 0 });
    takes = true;
    if (outcome.kind === 'forbidden') {
      bus.disconnect(4);
      await loopTurn();
      bus.connect(5);
    }
    await delivered(outbox);
    expect(outbox.counts()).toMatchObject({ waiting: 0, parked: 0 });
    expect(shipper.undelivered.value).toBeNull();
    await shipper.stop();
  },
);

test('a result that is larger than its stream takes is cut until it fits, and the rest of the outbox is not held up', async () => {
  const { outbox, bus, shipper } = setUp();
  const result = {
    result_id: 'big',
    request_id: 'r',
    pc_id: 'PC',
    exit_code: 0,
    stdout: 'x'.repeat(200_000),
    stderr: '',
  };
  const times = { started_at: '2026-01-01T00:00:00Z', finished_at: '2026-01-01T00:00:00Z' };
  const body = Buffer.from(JSON.stringify({ ...result, ...times, manifest_id: null, exec_id: null, skipped: false }));
  bus.onPublish = (message) =>
    message.body.length > 50_000
      ? { kind: 'too_large', why: 'message size exceeds maximum allowed' }
      : { kind: 'stored' };
  await outbox.put({ kind: 'result', id: 'big', subject: 'results.r', body }, 1);
  await enqueue(outbox, ['small']);
  shipper.start();
  await delivered(outbox);
  const arrived = bus.published.filter(({ id }) => id === 'big').at(-1);
  expect(JSON.parse(arrived?.body ?? '')).toMatchObject({ result_id: 'big', exit_code: 0 });
  expect(arrived?.body.length).toBeGreaterThan(30_000);
  expect(outbox.counts()).toMatchObject({ waiting: 0, parked: 0 });
  await shipper.stop();
});

test('what is parked is tried again with each connection', async () => {
  const { outbox, bus, shipper } = setUp();
  let takes = false;
  bus.onPublish = () => (takes ? { kind: 'stored' } : { kind: 'rejected', why: 'no' });
  await enqueue(outbox, ['a']);
  shipper.start();
  await eventually(() => expect(outbox.counts()).toMatchObject({ waiting: 0, parked: 1 }));
  takes = true;
  bus.disconnect(4);
  await loopTurn();
  bus.connect(5);
  await eventually(() => expect(outbox.counts()).toMatchObject({ waiting: 0, parked: 0 }));
  await shipper.stop();
});

test('a delivered row that can not be deleted yet is not sent again, and goes when the store takes it', async () => {
  const { outbox, bus, shipper } = setUp();
  const delivered = outbox.delivered.bind(outbox);
  const refuse = vi.fn(() => Promise.reject(new Error('database or disk is full')));
  outbox.delivered = refuse;
  await enqueue(outbox, ['a', 'b']);
  shipper.start();
  // One time for each, and one more of those that are settled later.
  await eventually(() => expect(refuse.mock.calls.length).toBeGreaterThan(2));
  bus.disconnect(4);
  await loopTurn();
  bus.connect(5);
  // The pass that sends this one has come by those before it.
  await enqueue(outbox, ['c']);
  shipper.nudge();
  await eventually(() => expect(bus.published.length).toBeGreaterThan(2));
  expect(bus.published.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  outbox.delivered = delivered;
  await eventually(() => expect(outbox.counts().waiting).toBe(0));
  await shipper.stop();
});

test('a result goes after its started event has its PubAck, in whatever order they were queued', async () => {
  const { outbox, bus, shipper } = setUp();
  const stored: string[] = [];
  bus.onPublish = async ({ subject }) => {
    // Each PubAck takes a time of its own.
    if (subject.startsWith('started.')) await sleep(Math.random() * 50);
    stored.push(subject);
    return { kind: 'stored' };
  };
  bus.disconnect();
  await enqueue(outbox, rowIds(100));
  await enqueue(outbox, rowIds(100).reverse(), 'started');
  shipper.start();
  bus.connect();
  await delivered(outbox);
  for (const id of rowIds(100)) expect(stored.indexOf(`started.${id}`)).toBeLessThan(stored.indexOf(`result.${id}`));
  await shipper.stop();
});

test('after an outage too: what was under way when the connection was lost says nothing about the order', async () => {
  const { outbox, bus, shipper } = setUp();
  let stored: string[] = [];
  let isUp = false;
  bus.onPublish = ({ subject }) => {
    if (!isUp)
      return subject.startsWith('started.')
        ? { kind: 'unavailable', full: false, why: 'no stream' }
        : { kind: 'lost', why: 'cut' };
    stored.push(subject);
    return { kind: 'stored' };
  };
  await enqueue(outbox, rowIds(12), 'started');
  await enqueue(outbox, rowIds(12));
  shipper.start();
  await eventually(() => expect(bus.published.length).toBeGreaterThan(12));
  bus.disconnect(4);
  await loopTurn();
  isUp = true;
  stored = [];
  bus.connect(5);
  await delivered(outbox);
  for (const id of rowIds(12)) expect(stored.indexOf(`started.${id}`)).toBeLessThan(stored.indexOf(`result.${id}`));
  await shipper.stop();
});

test('and where JetStream is away for a moment on the same connection', async () => {
  const { outbox, bus, shipper } = setUp();
  const stored: string[] = [];
  let isUp = false;
  bus.onPublish = ({ subject }) => {
    if (!isUp) return { kind: 'unavailable', full: false, why: 'no stream' };
    stored.push(subject);
    return { kind: 'stored' };
  };
  shipper.start();
  await enqueue(outbox, rowIds(6), 'started');
  shipper.nudge();
  await eventually(() => expect(bus.published.length).toBeGreaterThan(8));
  isUp = true;
  await enqueue(outbox, rowIds(6));
  shipper.nudge();
  await delivered(outbox);
  for (const id of rowIds(6)) expect(stored.indexOf(`started.${id}`)).toBeLessThan(stored.indexOf(`result.${id}`));
  await shipper.stop();
});

test('a started event that can not be stored holds up no result for long', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.onPublish = ({ subject }) =>
    subject.startsWith('started.') ? { kind: 'unavailable', full: false, why: 'no stream' } : { kind: 'stored' };
  await enqueue(outbox, rowIds(30), 'started');
  await enqueue(outbox, rowIds(30));
  shipper.start();
  await eventually(() => expect(outbox.counts().waiting).toBe(0));
  await shipper.stop();
});

test('events without a place at the broker hold up nobody, and are hardly asked about', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.onPublish = ({ subject }) =>
    subject.startsWith('event.') ? { kind: 'unavailable', full: false, why: 'no stream' } : { kind: 'stored' };
  await enqueue(outbox, rowIds(16), 'event');
  shipper.start();
  await eventually(() => expect(bus.published).toHaveLength(16));
  await eventually(() => expect(outbox.due(false, systemClock.upMs(), 1)).toEqual([]));
  await enqueue(outbox, rowIds(30), 'started');
  await enqueue(outbox, rowIds(30));
  shipper.nudge();
  await delivered(outbox);
  expect(outbox.waiting(false, 100).map(({ kind }) => kind)).toEqual(rowIds(16).map(() => 'event'));
  expect(shipper.undelivered.value).toBeNull();
  await shipper.stop();
});

test('a row that the server rejects is parked and holds up nobody', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.onPublish = ({ id }) => (id === 'bad' ? { kind: 'rejected', why: 'too large' } : { kind: 'stored' });
  await enqueue(outbox, ['bad', 'a', 'b']);
  shipper.start();
  await eventually(() => expect(outbox.counts()).toMatchObject({ waiting: 0, parked: 1 }));
  expect(bus.published.filter(({ id }) => id !== 'bad').map(({ id }) => id)).toEqual(['a', 'b']);
  await shipper.stop();
});

test('while the stream is away one row at a time asks, and all go when it is back', async () => {
  const { outbox, bus, shipper } = setUp();
  let away = true;
  bus.onPublish = () => (away ? { kind: 'unavailable', full: false, why: 'no stream' } : { kind: 'stored' });
  await enqueue(outbox, rowIds(300));
  shipper.start();
  await eventually(() => expect(bus.published.length).toBeGreaterThanOrEqual(257));
  const asked = bus.published.length;
  away = false;
  await delivered(outbox);
  expect(asked).toBeLessThan(400);
  expect(new Set(bus.published.slice(asked).map(({ id }) => id))).toEqual(new Set(rowIds(300)));
  expect(outbox.counts()).toMatchObject({ waiting: 0, parked: 0 });
  await shipper.stop();
});

test('what accompanies results never delays them: their own stream may be away', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.onPublish = ({ subject }) =>
    subject.startsWith('started.') ? { kind: 'unavailable', full: false, why: 'no stream' } : { kind: 'stored' };
  await enqueue(outbox, rowIds(50), 'started');
  await enqueue(outbox, ['late']);
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
    return { kind: 'unavailable', full: false, why: 'timeout' };
  };
  await enqueue(outbox, ['a']);
  shipper.start();
  await delivered(outbox);
  expect(bus.published).toEqual([
    { subject: 'result.a', body: 'a', id: 'a' },
    { subject: 'result.a', body: 'a', id: 'a' },
  ]);
  await shipper.stop();
});

test('a backlog goes at the set rate, what is queued later is not held to it', async () => {
  const { outbox, bus, shipper } = setUp({ drainPerSecond: 100 });
  await enqueue(outbox, rowIds(60));
  const startedAt = performance.now();
  shipper.start();
  await delivered(outbox);
  // 60 rows at 100/s can't be done in less than 0.4 s (a tenth of a second may go at once); a lower bound, not a speed.
  expect(performance.now() - startedAt).toBeGreaterThan(400);
  const before = bus.published.length;
  await enqueue(outbox, ['x', 'y', 'z']);
  shipper.nudge();
  await delivered(outbox);
  expect(bus.published.slice(before).map(({ id }) => id)).toEqual(['x', 'y', 'z']);
  await shipper.stop();
});

test.each([
  ['after a minute and more away the start is spread', 61_001, 1],
  ['after a short loss it is not', 30_000, 0],
])('%s', async (_name, awayMs, draws) => {
  let drawn = 0;
  let upMs = 1_000;
  const clock = { ...systemClock, upMs: () => upMs };
  const random = () => {
    drawn += 1;
    return 0.001;
  };
  const { outbox, bus, shipper } = setUp({ random, clock });
  shipper.start();
  await loopTurn();
  bus.disconnect(1_000);
  await loopTurn();
  await enqueue(outbox, ['a']);
  upMs += awayMs;
  bus.connect(1_000 + awayMs);
  await delivered(outbox);
  expect([drawn, bus.published.map(({ id }) => id)]).toEqual([draws, ['a']]);
  await shipper.stop();
});

test('a row that alone is never answered does not hold up what is queued after it', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.onPublish = ({ id }) =>
    id === 'bad' ? { kind: 'unavailable', full: false, why: 'timeout' } : { kind: 'stored' };
  await enqueue(outbox, ['bad']);
  shipper.start();
  await eventually(() => expect(bus.published.length).toBeGreaterThanOrEqual(5));
  await enqueue(outbox, ['good']);
  shipper.nudge();
  await eventually(() => expect(bus.published.map(({ id }) => id)).toContain('good'));
  await shipper.stop();
});

test('a store that can not be read as the connection comes: what waits is sent all the same, and the return is spread once', async () => {
  const upMs = { value: 0 };
  const clock = { ...systemClock, upMs: () => upMs.value };
  let draws = 0;
  const random = () => {
    draws += 1;
    return 0;
  };
  const { outbox, bus, shipper } = setUp({ clock, random });
  shipper.start();
  await loopTurn();
  bus.disconnect();
  await loopTurn();
  upMs.value = 3_600_000;
  await enqueue(outbox, ['a', 'b']);
  await outbox.retryAt(outbox.due(true, 0, 1)[0] ?? 0, 1e12, 'no');
  const newestSeq = outbox.newestSeq.bind(outbox);
  let fails = 1;
  outbox.newestSeq = () => {
    if (fails-- > 0) throw new Error('disk I/O error');
    return newestSeq();
  };
  bus.connect();
  await delivered(outbox);
  expect(new Set(bus.published.map(({ id }) => id))).toEqual(new Set(['a', 'b']));
  expect(draws).toBe(1);
  await shipper.stop();
});

test('a started event that can not be stored is not tried again once its result is delivered', async () => {
  const store = testStore(tempDir());
  const { bus, shipper } = setUp({ outbox: store.outbox });
  const admitted = await store.runs.admit(arrival('r1'));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  const { run, resultId } = admitted;
  const event = { kind: 'started', id: resultId, subject: 'started.r1', body: Buffer.from('s') } as const;
  await store.runs.start(run, { startedAtMs: 1, runAsUser: null, facts: null, event });
  let answer: (outcome: PublishOutcome) => void = () => {};
  bus.onPublish = ({ subject }) => {
    if (subject !== 'started.r1') return { kind: 'stored' };
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
  shipper.start();
  await eventually(() => expect(bus.published).toHaveLength(1));
  await store.runs.finish(run, ending(resultId));
  const [row] = store.outbox.waiting(true, 1);
  if (row === undefined) throw new Error('nothing is queued');
  // Its result has gone meanwhile.
  await store.outbox.delivered(row, 9_000);
  answer({ kind: 'unavailable', full: false, why: 'no stream' });
  // What became of the try is noted by then.
  await shipper.drained(AbortSignal.timeout(PATIENCE_MS));
  expect(bus.published.map(({ subject }) => subject)).toEqual(['started.r1']);
  expect(store.outbox.due(false, 1e12, 9)).toEqual([]);
  await shipper.stop();
});

test.each([
  ['a permission', { kind: 'forbidden', why: 'no' }],
  ['want of room', { kind: 'unavailable', full: true, why: 'maximum bytes exceeded' }],
  ['silence', { kind: 'unavailable', full: false, why: 'no answer' }],
] as const)('%s that kept back a result which is parked then keeps nothing back any more', async (_name, outcome) => {
  const { outbox, bus, shipper } = setUp();
  let answer: PublishOutcome = outcome;
  bus.onPublish = () => answer;
  await enqueue(outbox, ['a', 'b']);
  bus.connect();
  shipper.start();
  await eventually(() => expect(shipper.undelivered.value).not.toBeNull());
  const said: unknown[] = [];
  shipper.undelivered.watch((trouble) => said.push(trouble));
  answer = { kind: 'rejected', why: 'too odd' };
  await outbox.wake(true);
  shipper.nudge();
  await eventually(() => expect(outbox.counts()).toMatchObject({ waiting: 0, parked: 2 }));
  expect(shipper.undelivered.value).toBeNull();
  expect(said.at(-1)).toBeNull();
  await shipper.stop();
});

test('what keeps results back is said once, however often it is asked for them', async () => {
  const { outbox, bus, shipper } = setUp();
  bus.onPublish = () => ({ kind: 'unavailable', full: false, why: 'no answer' });
  await enqueue(outbox, ['a', 'b']);
  bus.connect();
  shipper.start();
  const said: unknown[] = [];
  shipper.undelivered.watch((trouble) => said.push(trouble));
  await eventually(() => expect(bus.published.length).toBeGreaterThan(12));
  expect(said).toEqual([{ cause: 'no_answer', why: 'no answer' }]);
  await shipper.stop();
});

test('a result that a permission keeps back is shown for as long as it is, whatever else gets through', async () => {
  const { outbox, bus, shipper } = setUp();
  let permitted = false;
  bus.onPublish = ({ id }) => (id === 'a' && !permitted ? { kind: 'forbidden', why: 'no' } : { kind: 'stored' });
  await enqueue(outbox, ['a', 'b', 'c']);
  bus.connect();
  shipper.start();
  await eventually(() => expect(outbox.counts().waiting).toBe(1));
  await shipper.drained(AbortSignal.timeout(PATIENCE_MS));
  expect(shipper.undelivered.value).toMatchObject({ cause: 'permission' });
  permitted = true;
  await outbox.wake(true);
  shipper.nudge();
  await eventually(() => expect(outbox.counts().waiting).toBe(0));
  expect(shipper.undelivered.value).toBeNull();
  await shipper.stop();
});
