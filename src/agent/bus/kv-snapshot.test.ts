import { expect, test } from 'vitest';
import type { KvWatchHandlers } from './bus.ts';
import { snapshotThenChanges } from './kv-snapshot.ts';

const put = (watch: KvWatchHandlers, key: string) => watch.change({ key, value: Buffer.from(key), revision: 1 });
const remove = (watch: KvWatchHandlers, key: string) => watch.change({ key, value: null, revision: 2 });

test('each watch tells its whole snapshot once, without what was taken away, and then what changes', () => {
  const told: unknown[] = [];
  const watch = snapshotThenChanges({
    change: ({ key, value }, live) => told.push([key, value !== null, live ? 'live' : 'snapshot']),
    whole: (present) => told.push([...present]),
  });
  watch.begin();
  put(watch, 'a');
  put(watch, 'b');
  remove(watch, 'b');
  watch.current();
  put(watch, 'c');
  watch.missing();
  watch.begin();
  put(watch, 'c');
  watch.current();
  expect(told).toEqual([
    ['a', true, 'snapshot'],
    ['b', true, 'snapshot'],
    ['b', false, 'snapshot'],
    ['a'],
    ['c', true, 'live'],
    ['c', true, 'snapshot'],
    ['c'],
  ]);
});
