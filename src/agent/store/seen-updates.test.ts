import { expect, test } from 'vitest';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';

const manifest = (serial: number, keySet = 'a') => ({ serial, digest: `digest ${serial}`, keySet });

test('the numbers of what was seen only go up, also over a restart', async () => {
  const directory = tempDir();
  const first = testStore(directory);
  expect(first.seenUpdates.manifest('t', 'stable')).toBeNull();
  await first.seenUpdates.noteManifest('t', 'stable', manifest(5));
  await first.seenUpdates.noteManifest('t', 'stable', manifest(4));
  await first.seenUpdates.noteManifest('t', 'beta', manifest(9));
  await first.seenUpdates.noteManifest('other', 'stable', manifest(1));
  await first.close();
  const second = testStore(directory);
  expect(second.seenUpdates.manifest('t', 'stable')).toEqual(manifest(5));
  await second.seenUpdates.noteManifest('t', 'stable', manifest(6));
  expect(second.seenUpdates.manifest('t', 'stable')).toEqual(manifest(6));
  expect(second.seenUpdates.manifest('t', 'beta')).toEqual(manifest(9));
  expect(second.seenUpdates.manifest('other', 'stable')).toEqual(manifest(1));
});

test('with other keys the count begins anew', async () => {
  const { seenUpdates } = testStore(tempDir());
  await seenUpdates.noteManifest('t', 'stable', manifest(1_000));
  await seenUpdates.noteManifest('t', 'stable', manifest(6, 'b'));
  expect(seenUpdates.manifest('t', 'stable')).toEqual(manifest(6, 'b'));
});

test('the key list that is kept is the newest', async () => {
  const { seenUpdates } = testStore(tempDir());
  expect(seenUpdates.keys('t')).toBeNull();
  await seenUpdates.noteKeys('t', 3, Buffer.from('three'));
  await seenUpdates.noteKeys('t', 2, Buffer.from('two'));
  expect(Buffer.from(seenUpdates.keys('t') ?? []).toString()).toBe('three');
  await seenUpdates.noteKeys('t', 4, Buffer.from('four'));
  expect(Buffer.from(seenUpdates.keys('t') ?? []).toString()).toBe('four');
});
