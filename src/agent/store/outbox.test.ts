import { expect, test } from 'vitest';
import { arrival, ending, testStore } from '../../../e2e/support/store.ts';
import { tempDir } from '../../../e2e/support/temp.ts';
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
  expect(outbox.after(0, true, 10).map(({ id }) => id)).toEqual(['a', 'b']);
  expect(outbox.after(0, false, 10).map(({ kind }) => kind)).toEqual(['started']);
  expect(outbox.counts()).toEqual({ waiting: 2, parked: 0 });
});

test('a delivered row is gone and its run says when', async () => {
  const store = testStore(tempDir());
  const admitted = await store.runs.admit(arrival('r1'));
  if (admitted.kind !== 'admitted') throw new Error('not admitted');
  await store.runs.finish(admitted.run, ending(admitted.resultId));
  const [row] = store.outbox.after(0, true, 10);
  if (row === undefined) throw new Error('nothing is queued');
  await store.outbox.delivered(row, 9_000);
  expect(store.outbox.counts()).toEqual({ waiting: 0, parked: 0 });
  expect(store.history.get(admitted.run)?.deliveredAtMs).toBe(9_000);
});

test('a parked row is passed over, stays, and goes to the end of the queue when it is sent again', async () => {
  const { outbox } = testStore(tempDir());
  await outbox.put(item('result', 'bad'), 1);
  await outbox.put(item('result', 'good'), 1);
  const [bad, good] = outbox.after(0, true, 10);
  if (bad === undefined || good === undefined) throw new Error('nothing is queued');
  await outbox.park(bad, 'the server says no', 2);
  expect(outbox.after(0, true, 10).map(({ id }) => id)).toEqual(['good']);
  expect(outbox.counts()).toEqual({ waiting: 1, parked: 1 });
  expect(await outbox.resend('unknown')).toBe(false);
  expect(await outbox.resend('good')).toBe(false);
  expect(await outbox.resend('bad')).toBe(true);
  expect(outbox.after(good.seq, true, 10)).toMatchObject([{ id: 'bad', attempts: 0 }]);
});

test('a row that is sent again is found even when everything after it has gone', async () => {
  const { outbox } = testStore(tempDir());
  await outbox.put(item('result', 'bad'), 1);
  await outbox.put(item('result', 'later'), 1);
  const [bad, later] = outbox.after(0, true, 10);
  if (bad === undefined || later === undefined) throw new Error('nothing is queued');
  await outbox.park(bad, 'no', 2);
  await outbox.delivered(later, 3);
  await outbox.resend('bad');
  expect(outbox.after(later.seq, true, 10).map(({ id }) => id)).toEqual(['bad']);
});

test('of the inventory only the newest stays', async () => {
  const { outbox } = testStore(tempDir());
  await outbox.put(item('inventory', '1'), 1, { onlyNewest: true });
  await outbox.put(item('inventory', '2'), 2, { onlyNewest: true });
  expect(outbox.after(0, false, 10).map(({ id }) => id)).toEqual(['2']);
});
