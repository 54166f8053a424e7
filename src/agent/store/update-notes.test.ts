import { expect, test } from 'vitest';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';

test('what failed is known after a restart, under its number and those below it, and not above', async () => {
  const directory = tempDir();
  const first = testStore(directory);
  expect(first.updateNotes.undone).toEqual([]);
  const undone = { version: '2.0.0', serial: 7, why: 'did_not_start', atMs: 1_000 } as const;
  await first.updateNotes.noteUndone(undone);
  await first.updateNotes.noteUndone(undone);
  await first.updateNotes.noteWait({ serial: 8, beginAtMs: 5, readyAtMs: null, postponedToMs: null });
  await first.close();
  const { updateNotes } = testStore(directory);
  expect(updateNotes.undone).toEqual([undone]);
  expect(updateNotes.wait).toMatchObject({ serial: 8 });
  const is = (version: string, serial: number) => updateNotes.isUndone({ version, serial });
  expect([is('2.0.0', 6), is('2.0.0', 7), is('2.0.0', 8), is('2.0.1', 7)]).toEqual([true, true, false, false]);
});
