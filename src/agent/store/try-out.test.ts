import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { arrival, storeOptions, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { LATEST_VERSION } from './migrations.ts';
import { tryStore } from './try-out.ts';

async function copy() {
  const store = testStore(tempDir());
  await store.runs.admit(arrival('one'));
  const directory = tempDir();
  await store.copyTo(join(directory, 'store.db'), new AbortController().signal);
  return { store, directory };
}

test('a copy of a store that is in use is opened, and who can read it is told', async () => {
  const { store, directory } = await copy();
  expect(await tryStore(storeOptions(directory))).toEqual({ ok: true, schema: LATEST_VERSION, minReader: 1 });
  // The store itself goes on.
  await store.runs.admit(arrival('two'));
  const db = new Database(join(directory, 'store.db'), { readonly: true });
  expect(db.prepare('SELECT request_id FROM runs').pluck().all()).toEqual(['one']);
  db.close();
});

test('a copy from a later release, or one that is damaged, says so', async () => {
  const { directory } = await copy();
  const db = new Database(join(directory, 'store.db'));
  db.exec(`UPDATE meta SET value = '999' WHERE key = 'min_reader'; PRAGMA user_version=999`);
  db.close();
  expect(await tryStore(storeOptions(directory))).toMatchObject({ ok: false, why: expect.stringContaining('future') });
  const broken = tempDir();
  writeFileSync(join(broken, 'store.db'), 'x'.repeat(10_000));
  expect(await tryStore(storeOptions(broken))).toMatchObject({ ok: false, why: expect.stringContaining('damaged') });
});
