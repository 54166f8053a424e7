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
  const drawn = first.timeline.now();
  await first.updateNotes.noteWait({ manifest: 'two', jitterMs: 5, drawn, ready: null, postponedToMs: null });
  await first.close();
  const { updateNotes } = testStore(directory);
  expect(updateNotes.undone).toEqual([undone]);
  expect(updateNotes.wait).toMatchObject({ manifest: 'two', drawn });
  expect(['one', 'two'].map((manifest) => updateNotes.isUndone({ manifest }))).toEqual([true, false]);
});

test('a change of what is waited for is of its manifest alone', async () => {
  const { updateNotes, timeline } = testStore(tempDir());
  const wait = { manifest: 'one', jitterMs: 5, drawn: timeline.now(), ready: null, postponedToMs: null };
  await updateNotes.noteWait(wait);
  await Promise.all([
    updateNotes.changeWait('one', () => ({ postponedToMs: 7 })),
    updateNotes.changeWait('one', () => ({ copiesBegun: 1 })),
    updateNotes.changeWait('two', () => ({ postponedToMs: 8 })),
  ]);
  expect(updateNotes.wait).toEqual({ ...wait, postponedToMs: 7, copiesBegun: 1 });
});
