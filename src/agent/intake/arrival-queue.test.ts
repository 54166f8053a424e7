import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { blockFor } from '../../base/sleep.ts';
import { ArrivalQueue } from './arrival-queue.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
setFlagsFromString('--no-expose-gc');

/** Longer than the part of a turn that messages are given: each turn takes one. */
const LONG_MS = 10;

function putOf(queue: ArrivalQueue, count: number, subjects: (at: number) => object = () => ({})): WeakRef<object>[] {
  return Array.from({ length: count }, (_, at) => {
    const incoming = { subject: String(at), data: new Uint8Array(), ...subjects(at) };
    queue.put('replay', incoming);
    return new WeakRef(incoming);
  });
}

test('nothing is kept of what had its turn, while others still wait for theirs', async () => {
  let taken = 0;
  const queue = new ArrivalQueue(() => {
    taken += 1;
    blockFor(LONG_MS);
  }, silentLogger);
  const messages = putOf(queue, 6);
  queue.begin();
  await loopTurn();
  await loopTurn();
  gc();
  expect(taken).toBeLessThan(6);
  const kept = messages.map((message) => message.deref() !== undefined);
  expect(kept).toEqual(messages.map((_, at) => at >= taken));
  queue.close();
});

test('each is taken in the order of arrival, and what had no turn yet when it closes is asked for again', async () => {
  const taken: string[] = [];
  const again: number[] = [];
  const queue = new ArrivalQueue((_source, { subject }) => {
    taken.push(subject);
    blockFor(LONG_MS);
  }, silentLogger);
  putOf(queue, 6, (at) => ({ nak: () => again.push(at) }));
  queue.begin();
  await loopTurn();
  queue.close();
  expect(taken.length).toBeGreaterThan(0);
  expect([...taken.map(Number), ...again]).toEqual([0, 1, 2, 3, 4, 5]);
  await loopTurn();
  expect(taken.length + again.length).toBe(6);
});
