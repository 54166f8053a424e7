import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { type CopyOptions, copyDatabase } from './copy.ts';

const ROWS = 200;

function world(more: Partial<CopyOptions> = {}) {
  const directory = tempDir();
  const db = new Database(join(directory, 'store.db'));
  onTestFinished(() => void db.close());
  for (const pragma of ['locking_mode=EXCLUSIVE', 'journal_mode=WAL']) db.pragma(pragma);
  db.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, bytes BLOB)');
  const add = db.prepare('INSERT INTO t (bytes) VALUES (randomblob(4000))');
  for (let n = 0; n < ROWS; n++) add.run();
  const file = join(directory, 'copy.db');
  const options = { signal: new AbortController().signal, stepPages: 8, flushPages: 32, ...more };
  const rows = () => {
    const copy = new Database(file, { readonly: true });
    try {
      expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
      return copy.prepare('SELECT count(*) FROM t').pluck().get();
    } finally {
      copy.close();
    }
  };
  return { add, copy: () => copyDatabase(db, file, options), rows };
}

test('a copy is whole, with what was written meanwhile', async () => {
  const { add, copy, rows } = world();
  const copying = copy();
  for (let n = 0; n < 10; n++) {
    await loopTurn();
    add.run();
  }
  await copying;
  expect(rows()).toBe(ROWS + 10);
});

test('what is copied is brought onto the disk piece by piece, and the copy waits for that before it ends', async () => {
  const disk = { asked: 0, go: Promise.withResolvers<void>() };
  const flush = async () => {
    disk.asked += 1;
    await disk.go.promise;
  };
  const { copy, rows } = world({ flush });
  let done = false;
  const copying = copy().then(() => {
    done = true;
  });
  await eventually(() => expect(disk.asked).toBe(1));
  // Far more turns than steps.
  for (let n = 0; n < ROWS; n++) await loopTurn();
  expect({ asked: disk.asked, done }).toEqual({ asked: 1, done: false });
  disk.go.resolve();
  await copying;
  expect(disk.asked).toBeGreaterThan(3);
  expect(rows()).toBe(ROWS);
});

test('a disk that takes no copy ends it', async () => {
  const { copy } = world({ flush: () => Promise.reject(new Error('no space')) });
  await expect(copy()).rejects.toThrow('no space');
});

test('it can be broken off in its midst', async () => {
  const stopping = new AbortController();
  const { copy } = world({ signal: stopping.signal, flush: async () => stopping.abort(new Error('stopping')) });
  await expect(copy()).rejects.toThrow('stopping');
});
