import { expect, test } from 'vitest';
import { loopTurn } from './loop-turn.ts';
import { aborted, orAbort, waitAtMost } from './waiting.ts';

const never = new Promise<never>(() => {});

test('a signal that was aborted before ends a wait at once', async () => {
  await aborted(AbortSignal.abort());
  await expect(orAbort(never, AbortSignal.abort(new Error('closed')))).rejects.toThrow('closed');
});

test('a wait ends with its signal, and what becomes of the work after that concerns nobody', async () => {
  const closing = new AbortController();
  const work = Promise.withResolvers<string>();
  const waiting = orAbort(work.promise, closing.signal);
  closing.abort(new Error('closed'));
  await expect(waiting).rejects.toThrow('closed');
  // Vitest fails a test that leaves a rejection behind; that it is left is known by the next turn.
  work.reject(new Error('too late'));
  await loopTurn();
});

test('else it ends as the work does', async () => {
  const { signal } = new AbortController();
  expect(await orAbort(Promise.resolve('done'), signal)).toBe('done');
  await expect(orAbort(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
});

test('a wait of at most some ms ends with the work, the time or the signal', async () => {
  await waitAtMost(Promise.resolve(), 60_000);
  await waitAtMost(never, 10);
  await expect(waitAtMost(Promise.reject(new Error('failed')), 60_000)).rejects.toThrow('failed');
  await expect(waitAtMost(never, 60_000, AbortSignal.abort(new Error('closed')))).rejects.toThrow('closed');
});
