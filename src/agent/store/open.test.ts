import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { noMountsHere, smallDisk } from '../../../test/support/mounts.ts';
import { arrival, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { noteDamage, STORE_FILE } from './aside.ts';
import { checkIntegrity } from './integrity-check.ts';
import { LATEST_VERSION } from './migrations.ts';
import { openStore, settleOldCopy } from './open.ts';

async function aStoreWithOneRun(directory: string): Promise<void> {
  const store = testStore(directory);
  await store.runs.admit(arrival('r1'));
  await store.close();
}

test('a file that is no database is moved aside whole, and a new store begins', () => {
  const directory = tempDir();
  const file = join(directory, STORE_FILE);
  writeFileSync(file, 'this is not a database, only a long enough text to be looked at'.repeat(100));
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  opened.db.close();
  const aside = opened.notes.quarantined;
  expect(aside === null ? '' : readFileSync(aside, 'utf8')).toMatch(/^this is not a database/);
  expect(statSync(file).size).toBeGreaterThan(0);
});

test('of damaged files only the newest are kept', () => {
  const directory = tempDir();
  for (let time = 0; time < 6; time++) {
    writeFileSync(join(directory, STORE_FILE), `no database, for the time ${time}. `.repeat(200));
    const opened = openStore(directory);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    opened.db.close();
  }
  const kept = readdirSync(directory).filter((name) => name.startsWith(`${STORE_FILE}.damaged-`));
  expect(kept.map((name) => readFileSync(join(directory, name), 'utf8').slice(0, 26))).toEqual(
    [3, 4, 5].map((time) => `no database, for the time ${time}`.slice(0, 26)),
  );
});

test('a file of a future release that we can not read is not touched', async () => {
  const directory = tempDir();
  await aStoreWithOneRun(directory);
  const file = join(directory, STORE_FILE);
  const db = new Database(file);
  db.pragma(`user_version=${LATEST_VERSION + 5}`);
  db.prepare(`UPDATE meta SET value = ? WHERE key = 'min_reader'`).run(String(LATEST_VERSION + 1));
  db.close();
  const before = readFileSync(file);
  expect(openStore(directory)).toEqual({ kind: 'future', have: LATEST_VERSION + 5, supported: LATEST_VERSION });
  expect(readFileSync(file)).toEqual(before);
});

test('a file of the next release that says we can still read it is opened: an upgrade can be undone', async () => {
  const directory = tempDir();
  await aStoreWithOneRun(directory);
  const db = new Database(join(directory, STORE_FILE));
  db.pragma(`user_version=${LATEST_VERSION + 1}`);
  db.exec('ALTER TABLE runs ADD COLUMN of_the_future TEXT');
  db.close();
  const store = testStore(directory);
  expect(await store.runs.admit(arrival('r1'))).toEqual({ kind: 'duplicate' });
});

test('an old copy that was put back is noticed by the boot counter beside it', async () => {
  const directory = tempDir();
  await aStoreWithOneRun(directory);
  const copy = join(tempDir(), 'copy.db');
  copyFileSync(join(directory, STORE_FILE), copy);
  await testStore(directory).close();
  copyFileSync(copy, join(directory, STORE_FILE));
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  expect(opened.notes).toMatchObject({ quarantined: null, oldCopy: true });
  opened.db.close();
  // A look at it, a crash, a wait for the turn: whoever opens it next still has to know.
  await testStore(directory).close();
  const next = openStore(directory);
  if (next.kind !== 'open') throw new Error(next.kind);
  expect(next.notes.oldCopy).toBe(true);
  settleOldCopy(next.db, directory, Number.MAX_SAFE_INTEGER);
  next.db.close();
  const last = openStore(directory);
  if (last.kind !== 'open') throw new Error(last.kind);
  expect(last.notes.oldCopy).toBe(false);
  last.db.close();
});

test('a process that did not close the store is noticed by the next one', async () => {
  const directory = tempDir();
  const first = openStore(directory);
  if (first.kind !== 'open') throw new Error(first.kind);
  first.db.close();
  const second = openStore(directory);
  if (second.kind !== 'open') throw new Error(second.kind);
  expect([first.notes.unclean, second.notes.unclean]).toEqual([false, true]);
  second.db.close();
  await testStore(directory).close();
  const third = openStore(directory);
  if (third.kind !== 'open') throw new Error(third.kind);
  expect(third.notes.unclean).toBe(false);
  third.db.close();
});

test('damage that the check of the whole file finds makes the next start begin again', async () => {
  const directory = tempDir();
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const check = (db: Database.Database) =>
    checkIntegrity({ db, idle: () => true, pauseMs: 0 }, new AbortController().signal);
  expect(await check(opened.db)).toBeNull();
  opened.db.exec(`INSERT INTO outputs VALUES (1, 'stdout', '${'x'.repeat(9000)}', 9000, 0)`);
  opened.db.pragma('wal_checkpoint(TRUNCATE)');
  const root = opened.db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'outputs'`).pluck().get() as number;
  const pageSize = opened.db.pragma('page_size', { simple: true }) as number;
  opened.db.close();
  const file = join(directory, STORE_FILE);
  const bytes = readFileSync(file);
  bytes.fill(0x5a, (root - 1) * pageSize, root * pageSize);
  writeFileSync(file, bytes);
  const again = openStore(directory);
  if (again.kind !== 'open') throw new Error(again.kind);
  expect(again.notes.quarantined).toBeNull();
  const what = await check(again.db);
  expect(what).toMatch(/^outputs: /);
  expect(noteDamage(directory, String(what))).toBe(true);
  again.db.close();
  const next = openStore(directory);
  if (next.kind !== 'open') throw new Error(next.kind);
  expect(next.notes.quarantined).toMatch(/damaged-/);
  next.db.close();
});

test('a directory that can not be made is a state with a reason, not a crash', () => {
  const directory = tempDir();
  writeFileSync(join(directory, 'file'), '');
  expect(openStore(join(directory, 'file', 'store')).kind).toBe('read_only');
});

test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
  'a directory without write permission is a state',
  () => {
    const directory = join(tempDir(), 'store');
    mkdirSync(directory);
    chmodSync(directory, 0o500);
    expect(openStore(directory).kind).toBe('read_only');
    expect(existsSync(directory)).toBe(true);
  },
);

test('every migration step leaves a version behind and the file has no leftovers', async () => {
  const directory = tempDir();
  await aStoreWithOneRun(directory);
  expect(readdirSync(directory).sort()).toEqual(['boot-counter', STORE_FILE]);
  const db = new Database(join(directory, STORE_FILE), { readonly: true });
  expect(db.pragma('user_version', { simple: true })).toBe(LATEST_VERSION);
  db.close();
});

test('an older copy that was put back onto a full disk is one only until it is settled', async (context) => {
  const noMounts = noMountsHere();
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(4);
  for (let start = 1; start <= 3; start++) await testStore(disk.path).close();
  const older = readFileSync(join(disk.path, STORE_FILE));
  for (let start = 1; start <= 3; start++) await testStore(disk.path).close();
  writeFileSync(join(disk.path, STORE_FILE), older);
  const fill = join(disk.path, 'fill');
  expect(() => writeFileSync(fill, Buffer.alloc(8 * 1024 * 1024, 1))).toThrow('ENOSPC');
  const full = openStore(disk.path);
  if (full.kind !== 'open') throw new Error(full.kind);
  expect(full.notes).toMatchObject({ oldCopy: true, full: true });
  rmSync(fill);
  settleOldCopy(full.db, disk.path, Number.MAX_SAFE_INTEGER);
  full.db.close();
  const next = openStore(disk.path);
  if (next.kind !== 'open') throw new Error(next.kind);
  expect(next.notes).toMatchObject({ oldCopy: false });
  next.db.close();
});

test('a full disk does not cost the count of starts, by which an older copy is told', async (context) => {
  const noMounts = noMountsHere();
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(2);
  for (let start = 1; start <= 3; start++) await testStore(disk.path).close();
  const counter = join(disk.path, 'boot-counter');
  expect(readFileSync(counter, 'utf8')).toBe('3\n');
  expect(() => writeFileSync(join(disk.path, 'fill'), Buffer.alloc(4 * 1024 * 1024, 1))).toThrow('ENOSPC');
  const opened = openStore(disk.path);
  if (opened.kind === 'open') opened.db.close();
  expect(readFileSync(counter, 'utf8')).toBe('3\n');
});
