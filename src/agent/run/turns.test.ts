import { expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { Turns } from './turns.ts';

const never = new AbortController().signal;

/** Asks, notes `name` once it is the turn, and returns how to end that. */
function ask(turns: Turns, name: string, order: string[], signal = never) {
  const given = turns.take(signal);
  void given.then(
    () => void order.push(name),
    () => {},
  );
  return { given, end: async () => (await given)?.[Symbol.dispose]() };
}

test('so many have their turn at a time, in order, and so many more wait', async () => {
  const turns = new Turns(2, 2);
  const order: string[] = [];
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => ask(turns, name, order));
  expect(await turns.take(never)).toBeNull();
  expect(order).toEqual(['a', 'b']);
  await b?.end();
  await c?.given;
  expect(order).toEqual(['a', 'b', 'c']);
  for (const each of [a, c]) await each?.end();
  await d?.end();
  expect(order).toEqual(['a', 'b', 'c', 'd']);
  // All of them are free again.
  expect(await Promise.all([turns.take(never), turns.take(never)])).not.toContain(null);
});

test('who gives up while waiting, or in the moment of their turn, keeps nobody waiting', async () => {
  const turns = new Turns(1, 9);
  const order: string[] = [];
  const first = ask(turns, 'first', order);
  const [early, late] = [new AbortController(), new AbortController()];
  const gone = ask(turns, 'gone', order, early.signal);
  const atOnce = ask(turns, 'at once', order, late.signal);
  ask(turns, 'last', order);
  early.abort(new Error('killed'));
  await expect(gone.given).rejects.toThrow('killed');
  // Before anybody could hear of the turn.
  const ended = first.end();
  late.abort(new Error('killed'));
  await ended;
  await atOnce.end().catch(() => {});
  await eventually(() => expect(order.at(-1)).toBe('last'));
  await expect(turns.take(early.signal)).rejects.toThrow('killed');
});
