import { expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { unreadable } from '../../../test/support/unreadable.ts';
import { Counters } from './counters.ts';
import { GroupCommit } from './group-commit.ts';
import { openStore } from './open.ts';

test('what a store did not take is written the next time, also where nothing is counted meanwhile', async () => {
  const disk = unreadable(/INSERT OR REPLACE INTO counters/);
  const opened = openStore(tempDir());
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const group = new GroupCommit(opened.db, { onError() {}, onCommit() {} });
  const counters = new Counters(opened.db);
  counters.bump('duplicates');
  await expect(counters.save(group)).rejects.toThrow('disk I/O error');
  disk.away = false;
  await counters.save(group);
  expect(new Counters(opened.db).all().duplicates).toBe(1);
  group.close();
  opened.db.close();
});
