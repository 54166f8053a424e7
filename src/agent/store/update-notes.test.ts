import { expect, test } from 'vitest';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';

test('what failed is known after a restart, under its manifest alone', async () => {
  const directory = tempDir();
  const first = testStore(directory);
  expect(first.updateNotes.undone).toEqual([]);
  const undone = { version: '2.0.0', serial: 7, manifest: 'one', why: 'did_not_start', atMs: 1_000 } as const;
  await first.updateNotes.noteUndone(undone);
  await first.updateNotes.noteUndone(undone);
  await first.updateNotes.noteWait({ manifest: 'two', beginAtMs: 5, readyAtMs: null, postponedToMs: null });
  await first.close();
  const { updateNotes } = testStore(directory);
  expect(updateNotes.undone).toEqual([undone]);
  expect(updateNotes.wait).toMatchObject({ manifest: 'two' });
  expect(['one', 'two'].map((manifest) => updateNotes.isUndone({ manifest }))).toEqual([true, false]);
});
