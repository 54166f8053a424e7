import { expect, test } from 'vitest';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';

test('each change of the version is a row, a restart is none', async () => {
  const directory = tempDir();
  const first = testStore(directory);
  await first.versions.onTheAir('1.4.1', 1_000);
  await first.versions.onTheAir('1.4.1', 2_000);
  await first.close();
  const second = testStore(directory);
  await second.versions.onTheAir('1.4.2', 3_000);
  await second.versions.onTheAir('1.4.1', 4_000);
  expect(second.versions.list(10)).toEqual([
    { version: '1.4.1', atMs: 4_000 },
    { version: '1.4.2', atMs: 3_000 },
    { version: '1.4.1', atMs: 1_000 },
  ]);
  expect(second.versions.list(1)).toHaveLength(1);
});
