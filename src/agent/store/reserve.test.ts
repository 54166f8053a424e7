import { existsSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noMountsHere, readOnly, smallDisk } from '../../../test/support/mounts.ts';
import { arrival, ending, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { openStore } from './open.ts';
import { hasReserve, RESERVE_BYTES, releaseReserve } from './reserve.ts';
import { Store } from './store.ts';

const noMounts = noMountsHere();
const MIB = 1024 * 1024;

/** All that is left of the disk goes to somebody else. */
function fill(directory: string, mib: number): void {
  try {
    writeFileSync(join(directory, 'hog'), Buffer.alloc(mib * MIB, 1));
  } catch {
    // That is what it is for.
  }
}

test('a reserve that somebody holds ends nobody: a write that needs it fails, and is done once there is room', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(96);
  const store = testStore(disk.path);
  const admitted = await store.runs.admit(arrival('running'));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  await store.maintenance.keepReserve();
  const letGo = readOnly(join(disk.path, 'reserve'));
  fill(disk.path, 96);
  const stdout = { text: 'y'.repeat(4 * MIB), totalBytes: 4 * MIB, cut: false };
  const finish = () => store.runs.finish(admitted.run, ending(admitted.resultId, { stdout }));
  await expect(finish()).rejects.toThrow('full');
  expect(store.state.value).toBe('full');
  expect(releaseReserve(disk.path)).toBe(false);
  letGo();
  expect(releaseReserve(disk.path)).toBe(true);
  expect(existsSync(join(disk.path, 'reserve'))).toBe(false);
  expect(await finish()).toBe(true);
});

test('nor does the opening of a store on a full disk fail by it', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(96);
  const store = testStore(disk.path);
  await store.maintenance.keepReserve();
  await store.close();
  readOnly(join(disk.path, 'reserve'));
  fill(disk.path, 96);
  const opened = openStore(disk.path);
  expect(opened).toMatchObject({ kind: 'open', notes: { full: true } });
  if (opened.kind === 'open') opened.db.close();
});

test('a store that was closed in order is told to be so where its opening is noted only with the room of the reserve', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(96, 8);
  const store = testStore(disk.path);
  await store.maintenance.keepReserve();
  await store.close();
  // One more file can be made: the WAL, in which the opening is noted. The count of starts beside the store needs another one.
  const hogs = 8 - readdirSync(disk.path).length - 1;
  for (let at = 0; at < hogs; at++) writeFileSync(join(disk.path, `hog-${at}`), '');
  const opened = openStore(disk.path);
  expect(opened).toMatchObject({ kind: 'open', notes: { unclean: false, full: false } });
  expect(existsSync(join(disk.path, 'reserve'))).toBe(false);
  if (opened.kind === 'open') opened.db.close();
});

test('a part of a reserve is none, and is made whole', async () => {
  const directory = tempDir();
  const store = testStore(directory);
  writeFileSync(join(directory, 'reserve'), 'x');
  await store.maintenance.keepReserve();
  expect(statSync(join(directory, 'reserve')).size).toBe(16 * MIB);
  expect(readdirSync(directory)).not.toContain('reserve.new');
});

/** Nobody can look at it: as a stranger to the directory EACCES says so, and this way it is the same for root. */
function unanswerableReserve(directory: string): void {
  symlinkSync('reserve', join(directory, 'reserve'));
}

test('a reserve that nobody can look at is none, and ends neither a stand-in nor the store that is open', async () => {
  const directory = tempDir();
  unanswerableReserve(directory);
  expect(hasReserve(directory)).toBe(false);
  const options = {
    directory,
    retention: { historyDays: 1, historyMaxBytes: 1e9 },
    clock: systemClock,
    log: silentLogger,
  };
  await Store.unusable(options, 'read_only').close();
  const store = testStore(directory);
  await store.probe();
  expect(store.state.value).toBe('ok');
  await store.maintenance.keepReserve();
  expect(hasReserve(directory)).toBe(true);
});

test('a store at which nobody can look is a state, and no end', () => {
  const directory = tempDir();
  symlinkSync('store.db', join(directory, 'store.db'));
  expect(openStore(directory)).toMatchObject({ kind: 'read_only' });
  rmSync(join(directory, 'store.db'));
  const opened = openStore(directory);
  expect(opened.kind).toBe('open');
  if (opened.kind === 'open') opened.db.close();
});

test('what a reserve holds that was not finished is given back as well', () => {
  const directory = tempDir();
  writeFileSync(join(directory, 'reserve.new'), Buffer.alloc(RESERVE_BYTES));
  expect(releaseReserve(directory)).toBe(true);
  expect(readdirSync(directory)).toEqual([]);
  expect(releaseReserve(directory)).toBe(false);
});
