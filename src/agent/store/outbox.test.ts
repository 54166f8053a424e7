import { expect, test } from 'vitest';
import { resultIdOf } from '../../../test/support/ids.ts';
import { arrival, ending, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import type { OutboxItem } from './outbox.ts';

const item = (kind: OutboxItem['kind'], id: string): OutboxItem => ({
  kind,
  id,
  subject: `s.${id}`,
  body: Buffer.from(id),
});

test('results are read in the order in which they were queued, apart from the rest', async () => {
  const { outbox } = testStore(tempDir());
  await Promise.all([
    outbox.put(item('result', 'a'), 1),
    outbox.put(item('started', 'a'), 1),
    outbox.put(item('result', 'b'), 1),
  ]);
  expect(outbox.waiting(true, 10).map(({ id }) => id)).toEqual(['a', 'b']);
  expect(outbox.waiting(false, 10).map(({ kind }) => kind)).toEqual(['started']);
  expect(outbox.counts()).toMatchObject({ waiting: 2, parked: 0 });
});

test('a delivered row is gone and its run says when', async () => {
  const store = testStore(tempDir());
  const admitted = await store.runs.admit(arrival('r1'));
  if (admitted.kind !== 'admitted') throw new Error('not admitted');
  await store.runs.finish(admitted.run, ending(admitted.resultId));
  const [row] = store.outbox.waiting(true, 10);
  if (row === undefined) throw new Error('nothing is queued');
  await store.outbox.delivered(row, 9_000);
  expect(store.outbox.counts()).toMatchObject({ waiting: 0, parked: 0 });
  expect(store.history.get(admitted.run)?.deliveredAtMs).toBe(9_000);
});

test.each(['delivered', 'remove'] as const)(
  'a started event goes with the result of its run (%s), which says all that it would',
  async (how) => {
    const { runs, outbox } = testStore(tempDir());
    const started: string[] = [];
    for (const requestId of ['r1', 'r2']) {
      const admitted = await runs.admit(arrival(requestId));
      if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
      const { run, resultId } = admitted;
      started.push(resultId);
      const event = item('started', resultId);
      await runs.start(run, { startedAtMs: 1, runAsUser: null, facts: null, event });
      await runs.finish(run, ending(resultId));
    }
    const [row] = outbox.waiting(true, 1);
    if (row === undefined) throw new Error('nothing is queued');
    await (how === 'delivered' ? outbox.delivered(row, 9_000) : outbox.remove(row));
    expect(outbox.waiting(false, 9).map(({ id }) => id)).toEqual([started[1]]);
  },
);

test('a row that is put off, or parked, is due again by its own time, and all are with a new connection', async () => {
  const { outbox } = testStore(tempDir());
  for (const id of ['late', 'parked', 'good']) await outbox.put(item('result', id), 1);
  const [late = 0, parked = 0, good = 0] = outbox.due(true, 0, 10);
  await outbox.retryAt(late, 5_000, 'no');
  await outbox.park(parked, 'the server says no', 2, 90_000);
  expect(outbox.due(true, 4_999, 10)).toEqual([good]);
  expect(outbox.nextDueUpMs(true, 4_999)).toBe(5_000);
  expect(outbox.due(true, 5_000, 10)).toEqual([late, good]);
  expect(outbox.nextDueUpMs(true, 5_000)).toBe(90_000);
  expect(outbox.counts()).toMatchObject({ waiting: 2, parked: 1 });
  await outbox.wake(false);
  expect(outbox.due(true, 0, 10)).toEqual([late, good]);
  await outbox.wake(true);
  expect(outbox.due(true, 0, 10)).toEqual([late, parked, good]);
  expect(outbox.counts()).toMatchObject({ waiting: 2, parked: 1 });
});

test('what stands in a row outlives the process', async () => {
  const directory = tempDir();
  const first = testStore(directory);
  await first.outbox.put(item('result', 'a'), 1);
  await first.outbox.retryAt(first.outbox.due(true, 0, 1)[0] ?? 0, 5_000, 'no');
  await first.close();
  const { outbox } = testStore(directory);
  expect([outbox.due(true, 4_999, 1), outbox.due(true, 5_000, 1).length]).toEqual([[], 1]);
  expect(outbox.get(outbox.due(true, 5_000, 1)[0] ?? 0)?.attempts).toBe(1);
});

test('a parked row waits like any other when it is asked for again', async () => {
  const { outbox } = testStore(tempDir());
  await outbox.put(item('result', 'bad'), 1);
  await outbox.put(item('result', 'good'), 1);
  const [bad = 0, good = 0] = outbox.due(true, 0, 10);
  await outbox.park(bad, 'no', 2, 90_000);
  expect([await outbox.resend(resultIdOf('unknown')), await outbox.resend(resultIdOf('good'))]).toEqual([false, false]);
  expect(await outbox.resend(resultIdOf('bad'))).toBe(true);
  expect(outbox.due(true, 0, 10)).toEqual([bad, good]);
  expect(outbox.counts()).toMatchObject({ waiting: 2, parked: 0 });
});

test('what is no result is counted apart, and is stuck when it is parked or several tries came to nothing', async () => {
  const { outbox } = testStore(tempDir());
  for (const kind of ['result', 'started', 'inventory', 'event'] as const) await outbox.put(item(kind, 'a'), 7);
  expect(outbox.counts()).toEqual({ waiting: 1, parked: 0, others: { waiting: 3, stuck: 0 } });
  expect(outbox.stuck(9)).toEqual([]);
  const [started = 0, , event = 0] = outbox.due(false, 0, 9);
  await outbox.park(started, 'too large', 20, 90_000);
  for (const why of ['no', 'no', 'nobody stores it']) await outbox.retryAt(event, 90_000, why);
  await outbox.retryAt(outbox.due(true, 0, 1)[0] ?? 0, 90_000, 'a result waits, however often it is tried');
  expect(outbox.counts()).toEqual({ waiting: 1, parked: 0, others: { waiting: 1, stuck: 2 } });
  expect(outbox.stuck(9)).toEqual([
    { kind: 'started', id: 'a', run: null, attempts: 1, sinceMs: 20, why: 'too large' },
    { kind: 'event', id: 'a', run: null, attempts: 3, sinceMs: 7, why: 'nobody stores it' },
  ]);
  expect([await outbox.resend('a', 'event'), await outbox.resend('a', 'inventory')]).toEqual([true, false]);
  expect(await outbox.resendAll()).toBe(1);
  expect(outbox.counts().others).toEqual({ waiting: 3, stuck: 0 });
});

test('what was never readable stays parked, whatever connection comes', async () => {
  const { outbox } = testStore(tempDir());
  await outbox.putParked({ kind: 'result', id: 'x', subject: '', body: Buffer.from('?') }, 1, 'unreadable');
  await outbox.wake(true);
  expect([outbox.due(true, 1e12, 10), outbox.counts().parked]).toEqual([[], 1]);
});

test('of the inventory only the newest stays', async () => {
  const { outbox } = testStore(tempDir());
  await outbox.put(item('inventory', '1'), 1, { keep: 1 });
  await outbox.put(item('inventory', '2'), 2, { keep: 1 });
  expect(outbox.waiting(false, 10).map(({ id }) => id)).toEqual(['2']);
});

test('of a kind that is told to keep some, the newest stay and no other kind loses any', async () => {
  const { outbox } = testStore(tempDir());
  await outbox.put(item('started', 's'), 1);
  for (const id of ['1', '2', '3', '4']) await outbox.put(item('event', id), 1, { keep: 2 });
  expect(outbox.waiting(false, 10).map(({ id }) => id)).toEqual(['s', '3', '4']);
});
