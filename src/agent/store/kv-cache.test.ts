import { expect, test } from 'vitest';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';

const BUCKET = 'schedules';
const entry = (text: string | null, revision: number) => {
  return { value: text === null ? null : Buffer.from(text), revision, read: { wallMs: 1, upMs: 1, boot: null } };
};

function cache() {
  const { kvCache } = testStore(tempDir());
  return { kvCache, kept: (key: string) => kvCache.get(BUCKET, key)?.value?.toString() };
}

test('of a bucket that was made anew the same revision is another value', async () => {
  const { kvCache, kept } = cache();
  await kvCache.putChanged(BUCKET, 'a', entry('old', 1));
  await kvCache.putChanged(BUCKET, 'a', entry('new', 1));
  expect(kept('a')).toBe('new');
});

test('what comes in one turn ends as its last word, not as what was stored before says', async () => {
  const { kvCache, kept } = cache();
  await Promise.all([kvCache.putChanged(BUCKET, 'made', entry('x', 1)), kvCache.forget(BUCKET, 'made')]);
  expect(kvCache.get(BUCKET, 'made')).toBeUndefined();
  await kvCache.putChanged(BUCKET, 'back', entry('one', 1));
  const [there, back] = [entry('two', 2), entry('one', 1)];
  await Promise.all([kvCache.putChanged(BUCKET, 'back', there), kvCache.putChanged(BUCKET, 'back', back)]);
  expect(kept('back')).toBe('one');
  await Promise.all([kvCache.forget(BUCKET, 'back'), kvCache.putChanged(BUCKET, 'back', entry('three', 3))]);
  expect(kept('back')).toBe('three');
});

test('what is known is not written again', async () => {
  const { kvCache } = cache();
  await kvCache.putChanged(BUCKET, 'a', entry('x', 1));
  await kvCache.putChanged(BUCKET, 'a', { ...entry('x', 1), read: { wallMs: 9, upMs: 9, boot: null } });
  expect(kvCache.get(BUCKET, 'a')?.read.wallMs).toBe(1);
});
