import { expect, test } from 'vitest';
import { resultIdOf, runIdOf } from '../../../test/support/ids.ts';
import { arrival, ending, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';

const COUNT = 10_000;
const MORE = 1_500;

test('of messages without an id of their own only the newest are kept, whatever the number', async () => {
  const store = testStore(tempDir());
  await store.runs.admit(arrival('r1'));
  const refuse = (index: number) => {
    const fingerprint = Buffer.alloc(32);
    fingerprint.writeUInt32BE(index);
    const outcome = ending('x', { reason: 'SIGNATURE', exitCode: null, outbox: null });
    return store.runs.refuse(arrival(null, `message ${index}`), { fingerprint, resultId: null }, () => outcome);
  };
  for (let index = 0; index < COUNT + MORE; index += 100)
    await Promise.all(Array.from({ length: 100 }, (_, of) => refuse(index + of)));
  const kept = store.history.count({});
  expect(kept).toBeGreaterThanOrEqual(COUNT);
  expect(kept).toBeLessThan(COUNT + MORE / 2);
  // The newest are known, the oldest would be shown once more; a command is never forgotten for them.
  expect(await refuse(COUNT + MORE - 1)).toBe(false);
  expect(await refuse(0)).toBe(true);
  expect(await store.runs.admit(arrival('r1'))).toMatchObject({ kind: 'duplicate' });
  expect(store.history.get(runIdOf(1))).toMatchObject({ requestId: 'r1' });
});

test('one whose answer is not delivered yet keeps its row', async () => {
  const store = testStore(tempDir());
  const refuse = (index: number, answered: boolean) => {
    const fingerprint = Buffer.alloc(32);
    fingerprint.writeUInt32BE(index);
    const outbox = answered
      ? ({ kind: 'result', id: `refused-${index}`, subject: 'results.r1', body: Buffer.from('refused') } as const)
      : null;
    const outcome = ending('x', { reason: 'SIGNATURE', exitCode: answered ? 123 : null, outbox });
    const named = arrival(answered ? `r${index}` : null, `message ${index}`);
    return store.runs.refuse(
      named,
      { fingerprint, resultId: answered ? resultIdOf(`refused-${index}`) : null },
      () => outcome,
    );
  };
  await refuse(0, true);
  for (let index = 1; index < COUNT + MORE; index += 100)
    await Promise.all(Array.from({ length: 100 }, (_, of) => refuse(index + of, false)));
  expect(store.history.get(runIdOf(1))).toMatchObject({ reason: 'SIGNATURE', requestId: 'r0' });
  expect(store.outbox.waiting(true, 9)).toHaveLength(1);
});

test('of what can never run, no more of the message is stored than is looked at', async () => {
  const store = testStore(tempDir());
  const body = 'x'.repeat(1024 * 1024);
  const outcome = ending('x', { reason: 'BAD_MESSAGE', exitCode: null, outbox: null });
  await store.runs.admit(arrival(null, body), () => outcome);
  expect(store.history.command(runIdOf(1))).toHaveLength(16 * 1024);
  await store.runs.admit(arrival('r1', body));
  expect(store.history.command(runIdOf(2))).toHaveLength(1024 * 1024);
});
