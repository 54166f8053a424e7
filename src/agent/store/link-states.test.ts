import { expect, test } from 'vitest';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { type LinkSpan, ROWS_MAX } from './link-states.ts';

function span(fromMs: number, untilMs: number, state: LinkSpan['state'] = 'connected'): LinkSpan {
  return { state, why: state === 'connected' ? null : 'no route', fromMs, untilMs };
}

test('spans come back newest first, as long as they are known to have lasted, also for a later process', async () => {
  const directory = tempDir();
  const store = testStore(directory);
  await store.linkStates.begin(span(10, 10));
  await store.linkStates.extend(span(10, 20));
  await store.linkStates.begin(span(20, 20, 'unreachable'));
  await store.linkStates.extend({ ...span(20, 30, 'unreachable'), why: 'refused by a firewall' });
  await store.close();
  const later = testStore(directory);
  const away = { state: 'unreachable', why: 'refused by a firewall', fromMs: 20, untilMs: 30 };
  expect(later.linkStates.list(0, 10)).toEqual([away, span(10, 20)]);
  expect(later.linkStates.list(21, 10)).toEqual([away]);
  expect(later.linkStates.list(0, 1)).toEqual([away]);
});

test('a link that comes and goes without end does not fill the store', async () => {
  const store = testStore(tempDir());
  const written: Promise<void>[] = [];
  for (let at = 0; at < ROWS_MAX + 50; at++) written.push(store.linkStates.begin(span(at, at + 1)));
  await Promise.all(written);
  const all = store.linkStates.list(0, ROWS_MAX * 2);
  expect([all.length, all.at(-1)?.fromMs]).toEqual([ROWS_MAX, 50]);
});
