import { describe, expect, test } from 'vitest';
import { resultIdOf } from '../../../test/support/ids.ts';
import { arrival, ending, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import type { ResultId } from '../../shared/ids.ts';
import { openStore } from './open.ts';

describe('admission', () => {
  test('the same id with the same bytes is a duplicate, with other bytes a conflict that is recorded once', async () => {
    const store = testStore(tempDir());
    const first = await store.runs.admit(arrival('r1'));
    const again = await store.runs.admit(arrival('r1'));
    const other = await store.runs.admit(arrival('r1', 'other bytes'));
    const otherAgain = await store.runs.admit(arrival('r1', 'other bytes'));
    expect([first.kind, again.kind]).toEqual(['admitted', 'duplicate']);
    expect([other, otherAgain]).toEqual([
      { kind: 'conflict', recorded: true },
      { kind: 'conflict', recorded: false },
    ]);
    expect(store.history.list({}, Number.POSITIVE_INFINITY, 10).map(({ reason }) => reason)).toEqual([
      'CONFLICT',
      null,
    ]);
    expect(store.outbox.counts()).toMatchObject({ waiting: 0, parked: 0 });
  });

  test('a duplicate is recognised by a later process', async () => {
    const directory = tempDir();
    const store = testStore(directory);
    await store.runs.admit(arrival('r1'));
    await store.close();
    expect(await testStore(directory).runs.admit(arrival('r1'))).toEqual({ kind: 'duplicate' });
  });

  test('a message without a usable id is recorded once, however often it comes', async () => {
    const store = testStore(tempDir());
    const bad = () =>
      store.runs.admit(arrival(null, '{bad'), (id) =>
        ending(id, { reason: 'BAD_MESSAGE', exitCode: null, outbox: null }),
      );
    expect([(await bad()).kind, (await bad()).kind]).toEqual(['admitted', 'duplicate']);
    expect(store.history.count({})).toBe(1);
    expect(store.inbox.open(10)).toEqual([]);
  });

  test('many that arrive in one turn are committed together, one bad one apart', async () => {
    const store = testStore(tempDir());
    const unstorable = arrival('r-bad', 'x', { source: null as never });
    const settled = await Promise.allSettled([
      store.runs.admit(arrival('r1')),
      store.runs.admit(unstorable),
      store.runs.admit(arrival('r2')),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.history.count({})).toBe(2);
  });
});

describe('ending', () => {
  test('finish and its queued result are one: both are there, or neither', async () => {
    const store = testStore(tempDir());
    const admitted = await store.runs.admit(arrival('r1'));
    if (admitted.kind !== 'admitted') throw new Error('not admitted');
    const broken = ending(admitted.resultId, {
      outbox: { kind: 'result', id: admitted.resultId, subject: null as never, body: Buffer.from('x') },
    });
    await expect(store.runs.finish(admitted.run, broken)).rejects.toThrow();
    expect(store.inbox.open(10)).toHaveLength(1);
    expect(store.outbox.counts().waiting).toBe(0);
    expect(await store.runs.finish(admitted.run, ending(admitted.resultId))).toBe(true);
    expect(store.inbox.open(10)).toEqual([]);
    expect(store.outbox.waiting(true, 10).map(({ id }) => id)).toEqual([admitted.resultId]);
  });

  test('a run ends once: a second ending changes nothing', async () => {
    const store = testStore(tempDir());
    const admitted = await store.runs.admit(arrival('r1'));
    if (admitted.kind !== 'admitted') throw new Error('not admitted');
    await store.runs.finish(admitted.run, ending(admitted.resultId));
    expect(await store.runs.finish(admitted.run, ending(admitted.resultId, { reason: 'FAILED', exitCode: 1 }))).toBe(
      false,
    );
    expect(store.history.get(admitted.run)).toMatchObject({ reason: 'DONE', exitCode: 0, state: 'finished' });
    expect(await store.runs.start(admitted.run, { startedAtMs: 9, runAsUser: null, facts: null, event: null })).toBe(
      false,
    );
  });

  test('the moment drawn for the jitter stays, whatever state follows', async () => {
    const store = testStore(tempDir());
    const admitted = await store.runs.admit(arrival('r1'));
    if (admitted.kind !== 'admitted') throw new Error('not admitted');
    await store.runs.advance(admitted.run, 'waiting_jitter', { kind: 'jitter', askedMs: 60_000, notBeforeMs: 5_000 });
    await store.runs.advance(admitted.run, 'waiting_jitter', { kind: 'jitter', askedMs: 90_000, notBeforeMs: 9_000 });
    expect(store.waits.leftMs(admitted.run, 'jitter')).toBeLessThanOrEqual(60_000);
    await store.runs.advance(admitted.run, 'waiting_slot');
    expect(store.inbox.open(10)).toMatchObject([{ state: 'waiting_slot', notBeforeMs: 5_000 }]);
  });
});

test('a time of the broker that was reckoned, with a fraction, is stored', async () => {
  const store = testStore(tempDir());
  expect((await store.runs.admit(arrival('r1', 'x', { serverAtMs: 1.5 }))).kind).toBe('admitted');
  await store.kills.record('e1', 1, 1.5);
});

test('a kill reaches every open run of its execution that arrived before it, and no finished one', async () => {
  const store = testStore(tempDir());
  const done = await store.runs.admit(arrival('r0', 'a', { execId: 'e1' }));
  if (done.kind === 'admitted') await store.runs.finish(done.run, ending(done.resultId));
  // Not awaited: the kill comes while the admission is still on its way to the disk.
  void store.runs.admit(arrival('r1', 'b', { execId: 'e1' }));
  void store.runs.admit(arrival('r2', 'c', { execId: 'e2' }));
  expect(await store.kills.record('e1', 7_000, null)).toEqual([2]);
  expect(store.inbox.open(10).map(({ killAtMs }) => killAtMs)).toEqual([7_000, null]);
});

test('the store is held by one process: a second one is told', () => {
  const directory = tempDir();
  testStore(directory);
  expect(openStore(directory)).toEqual({ kind: 'in_use' });
});

test('an end is announced once, also when its commit group has to be repeated one by one', async () => {
  const store = testStore(tempDir());
  const ended: number[] = [];
  store.runs.onEnded(({ run }) => ended.push(run));
  const first = store.runs.admit(arrival('r1'), (id) => ending(id));
  const conflict = store.runs.admit(arrival('r1', 'other bytes'));
  // In the same group, and refused by the schema: all of it is rolled back, and done again in pieces.
  const refused = store.outbox.put({ kind: 'result', id: 'x', subject: 'x', body: Buffer.from('') }, 1.5);
  await expect(refused).rejects.toThrow();
  await Promise.all([first, conflict]);
  expect(ended).toEqual([1, 2]);
});

describe('what is refused for its signature', () => {
  const refusal = (byte: number, resultId: ResultId | null = resultIdOf('refused-1')) => ({
    fingerprint: Buffer.alloc(32, byte),
    resultId,
  });
  const refused = (resultId: string | null) =>
    ending('x', {
      reason: 'SIGNATURE',
      exitCode: resultId === null ? null : 123,
      outbox:
        resultId === null
          ? null
          : { kind: 'result', id: resultId, subject: 'results.r1', body: Buffer.from('refused') },
    });

  test('is recorded once, answered once, and leaves its id to the command itself', async () => {
    const store = testStore(tempDir());
    expect(await store.runs.refuse(arrival('r1'), refusal(1), refused)).toBe(true);
    expect(await store.runs.refuse(arrival('r1'), refusal(1), refused)).toBe(false);
    expect(await store.runs.refuse(arrival('r1'), refusal(2), refused)).toBe(true);
    expect(await store.runs.admit(arrival('r1'))).toMatchObject({ kind: 'admitted' });
    expect(await store.runs.refuse(arrival('r1', 'forged'), refusal(3), refused)).toBe(true);
    // A copy of the command itself says nothing new, whatever its signature is worth by now.
    expect(await store.runs.refuse(arrival('r1'), refusal(4), refused)).toBe(false);
    expect(store.outbox.waiting(true, 9).map(({ id }) => id)).toEqual(['refused-1']);
    const rows = store.history.list({}, Number.POSITIVE_INFINITY, 9);
    expect(rows.map(({ reason, exitCode, resultId }) => [reason, exitCode, resultId])).toEqual([
      ['SIGNATURE', null, null],
      [null, null, expect.any(String)],
      ['SIGNATURE', null, null],
      ['SIGNATURE', 123, 'refused-1'],
    ]);
  });

  test('without a name or an answer it is only shown', async () => {
    const store = testStore(tempDir());
    await store.runs.refuse(arrival(null), refusal(1, null), refused);
    await store.runs.refuse(arrival('r1'), refusal(2, null), refused);
    expect(store.outbox.waiting(true, 9)).toEqual([]);
    expect(store.history.count({})).toBe(2);
  });
});
