import { expect, test } from 'vitest';
import { ringEntry, signingKey } from '../../../test/support/signing.ts';
import { silentLogger } from '../../base/logger.ts';
import { KeyStore, type RingText } from './key-store.ts';

const text = (...kids: string[]): RingText => ({
  kind: 'text',
  text: JSON.stringify(kids.map((kid, index) => ringEntry(kid, signingKey(index + 1)))),
});

function setUp(first: RingText, required = false) {
  const world = { found: first, reads: 0, nowMs: 0 };
  const read = () => {
    world.reads += 1;
    return world.found;
  };
  const store = new KeyStore({ read, monotonicMs: () => world.nowMs, required, log: silentLogger });
  return { world, store, kids: () => [...store.ring.keys()] };
}

test('a key that was added counts from the next look on, one that was taken away no longer', () => {
  const { world, store, kids } = setUp(text('a'));
  world.found = text('a', 'b');
  expect([store.refresh(), kids()]).toEqual([true, ['a', 'b']]);
  world.found = text('b');
  expect([store.refresh(), kids()]).toEqual([true, ['b']]);
  world.found = { kind: 'absent' };
  expect([store.refresh(), kids()]).toEqual([true, []]);
});

test('what can not be read or used leaves the keys that work, is told, and is looked at again', () => {
  const { world, store, kids } = setUp(text('a'));
  for (const bad of [
    { kind: 'failed', why: 'is on fire' },
    { kind: 'text', text: '[{"kid":"b",' },
    { kind: 'text', text: '' },
  ] as const) {
    world.found = bad;
    expect([store.refresh(), kids(), store.problem === null]).toEqual([false, ['a'], false]);
  }
  world.found = text('b');
  expect([store.refresh(), kids(), store.problem]).toEqual([true, ['b'], null]);
  // The ring as it was before the bad ones is another one now.
  world.found = text('a');
  expect([store.refresh(), kids()]).toEqual([true, ['a']]);
});

test('one that is bad from the start is a ring without keys', () => {
  const { store, kids } = setUp({ kind: 'failed', why: 'is on fire' });
  expect([kids(), store.problem]).toEqual([[], 'is on fire']);
});

test.each([
  [false, 30_000],
  [true, 1_000],
])('for a key that is not known it looks again, required %s: every %i ms at most', (required, everyMs) => {
  const { world, store } = setUp(text('a'), required);
  const looked = () => {
    const before = world.reads;
    if (store.isDueForUnknown()) store.refresh();
    return world.reads - before;
  };
  world.nowMs = everyMs - 1;
  expect(looked()).toBe(0);
  world.nowMs = everyMs;
  expect([looked(), looked()]).toEqual([1, 0]);
  world.nowMs = 2 * everyMs - 1;
  expect(looked()).toBe(0);
  world.nowMs = 2 * everyMs;
  expect(looked()).toBe(1);
});

test('what throws while it is read is a look that failed, at the start and later', () => {
  let refuses = true;
  const read = (): RingText => {
    if (refuses) throw new Error('no native code');
    return text('a');
  };
  const store = new KeyStore({ read, monotonicMs: () => 0, required: true, log: silentLogger });
  expect([store.ring.size, store.problem]).toEqual([0, 'no native code']);
  refuses = false;
  expect([store.refresh(), [...store.ring.keys()]]).toEqual([true, ['a']]);
  refuses = true;
  expect([store.refresh(), [...store.ring.keys()], store.problem]).toEqual([false, ['a'], 'no native code']);
});
