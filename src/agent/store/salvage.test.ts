import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { damagePage } from '../../../test/support/damaged-store.ts';
import { resultIdOf, runIdOf } from '../../../test/support/ids.ts';
import { noMountsHere, readOnly, smallDisk } from '../../../test/support/mounts.ts';
import { ManualClock } from '../../../test/support/status.ts';
import { arrival, ending, storeOptions, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { ioError, unreadable } from '../../../test/support/unreadable.ts';
import { silentLogger } from '../../base/logger.ts';
import { outcomeRow, REASONS } from '../../shared/outcomes.ts';
import { noteDamage, STORE_FILE } from './aside.ts';
import { openMemory, openStore } from './open.ts';
import { salvage } from './salvage.ts';
import { Store } from './store.ts';

const noMounts = noMountsHere();
const ASIDE = `${STORE_FILE}.damaged-2026-01-01T00-00-00-000Z`;

async function filled(directory: string, resultBytes = 10): Promise<void> {
  const store = testStore(directory);
  await store.runs.admit(arrival('open'));
  for (let i = 0; i < 10; i++) {
    const done = await store.runs.admit(arrival(`done${i}`));
    if (done.kind !== 'admitted') throw new Error(done.kind);
    const outbox = {
      kind: 'result',
      id: done.resultId,
      subject: 'results.x',
      body: Buffer.alloc(resultBytes),
    } as const;
    await store.runs.finish(done.run, ending(done.resultId, { outbox }));
  }
  await store.close();
}

async function isSaved(directory: string): Promise<void> {
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const store = new Store(opened.db, storeOptions(directory));
  expect(opened.notes).toMatchObject({ oldCopy: true, quarantined: join(directory, ASIDE) });
  expect(store.inbox.open(9).map(({ requestId }) => requestId)).toEqual(['open']);
  expect(store.outbox.counts().waiting).toBe(10);
  expect(await store.runs.admit(arrival('done3'))).toEqual({ kind: 'duplicate' });
  await store.close();
  // Once: what happens from now on is not undone by what is in the damaged file.
  const next = openStore(directory);
  if (next.kind !== 'open') throw new Error(next.kind);
  expect(next.notes.quarantined).toBeNull();
  next.db.close();
}

/** What `openStore` has done at the moment at which the process ends. */
const MOMENTS: Record<string, (directory: string) => void> = {
  'the mark is there, nothing is moved': () => {},
  'the WAL is moved, the file is not': (directory) => {
    writeFileSync(join(directory, `${ASIDE}-wal`), '');
  },
  'all is moved, and there is no new store': (directory) => {
    renameSync(join(directory, STORE_FILE), join(directory, ASIDE));
  },
  'the new store has a part of it': (directory) => {
    renameSync(join(directory, STORE_FILE), join(directory, ASIDE));
    const opened = openStore(directory);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    opened.db.exec('DELETE FROM outbox WHERE seq > 3; DELETE FROM runs; DELETE FROM meta');
    opened.db.close();
    writeFileSync(join(directory, 'salvage-from'), `${ASIDE}\n`);
  },
  'the new store has a part of it, and is damaged itself': (directory) => {
    renameSync(join(directory, STORE_FILE), join(directory, ASIDE));
    const opened = openStore(directory);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    opened.db.close();
    writeFileSync(join(directory, 'salvage-from'), `${ASIDE}\n`);
    damagePage(directory, 'ledger');
  },
};

test.each(Object.entries(MOMENTS))(
  'a process that ends while a damaged store is set aside (%s): the next saves it',
  async (_name, happened) => {
    const directory = tempDir();
    await filled(directory);
    writeFileSync(join(directory, 'salvage-from'), `${ASIDE}\n`);
    noteDamage(directory, 'found damaged');
    happened(directory);
    if (!existsSync(join(directory, STORE_FILE))) rmSync(join(directory, 'store-is-damaged'));
    await isSaved(directory);
  },
);

test('what failed of updates, what was imported, and which start of the system it is goes on', async () => {
  const directory = tempDir();
  const clock = new ManualClock();
  const before = testStore(directory, clock);
  const undone = { version: '2.0.0', serial: 7, manifest: 'one', why: 'did_not_start', atMs: 1_000 } as const;
  const { systemStart } = before;
  await before.updateNotes.noteUndone(undone);
  await before.imported.note('digest');
  await before.close();
  noteDamage(directory, 'found damaged');
  // A clock that was set a little makes no other start.
  clock.nowMs = () => clock.atMs + 60_000;
  const after = testStore(directory, clock);
  expect(after.updateNotes.undone).toEqual([undone]);
  expect(after.systemStart).toBe(systemStart);
  expect(after.imported.has('digest')).toBe(true);
});

test('a full disk: it is done when there is room, and nothing is lost until then', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(64);
  await filled(disk.path, 1024 * 1024);
  noteDamage(disk.path, 'found damaged');
  disk.resize(15);
  for (let time = 0; time < 3; time++) expect(openStore(disk.path).kind).toBe('full');
  expect(readdirSync(disk.path).filter((name) => /damaged-[\dTZ-]+$/.test(name))).toHaveLength(1);
  disk.resize(64);
  const store = testStore(disk.path);
  expect(store.outbox.counts().waiting).toBe(10);
  expect(store.inbox.open(9).map(({ requestId }) => requestId)).toEqual(['open']);
});

test('a result that was on a lost page: its run is open again, to be answered', async () => {
  const directory = tempDir();
  await filled(directory);
  const damaged = openStore(directory);
  if (damaged.kind !== 'open') throw new Error(damaged.kind);
  damaged.db.exec('DELETE FROM outbox WHERE seq = 4');
  damaged.db.close();
  noteDamage(directory, 'a test');
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const store = new Store(opened.db, storeOptions(directory));
  expect(store.inbox.inState('running', 9).map((run) => store.inbox.get(run)?.requestId)).toEqual(['done3']);
  await store.close();
});

/** A skip whose result is not in the outbox, in a store that is damaged. */
async function lostSkip(directory: string): Promise<void> {
  const store = testStore(directory);
  const admitted = await store.runs.admit(arrival('skipped'));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  await store.runs.finish(admitted.run, ending(admitted.resultId, { reason: 'VERSION_PIN', outbox: null }));
  await store.close();
  noteDamage(directory, 'a test');
}

test.each([
  [{ publishPinSkips: true }, ['skipped']],
  [{}, ['skipped']],
  [{ publishPinSkips: false }, []],
])('a skip for a pin whose result is missing, with %j', async (options, reopened) => {
  const directory = tempDir();
  await lostSkip(directory);
  const opened = openStore(directory, undefined, undefined, options);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const store = new Store(opened.db, storeOptions(directory));
  expect(store.inbox.inState('running', 9).map((run) => store.inbox.get(run)?.requestId)).toEqual(reopened);
  expect(await store.runs.admit(arrival('skipped'))).toEqual({ kind: 'duplicate' });
  await store.close();
});

test('a message that nobody could be answered for owes no result after a damage either', async () => {
  const directory = tempDir();
  const store = testStore(directory);
  const unreadable = arrival('', 'garbage', { requestId: null, execId: null });
  await store.runs.admit(unreadable, () => ({
    ...ending('x', { reason: 'BAD_MESSAGE' }),
    exitCode: null,
    outbox: null,
  }));
  await store.close();
  noteDamage(directory, 'a test');
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const next = new Store(opened.db, storeOptions(directory));
  expect(next.inbox.open(9)).toEqual([]);
  await next.close();
});

test('what the ledger has lost is known from the rows, finished and delivered ones too; new ids are new', async () => {
  const directory = tempDir();
  await filled(directory);
  const damaged = openStore(directory);
  if (damaged.kind !== 'open') throw new Error(damaged.kind);
  damaged.db.exec(
    `DELETE FROM ledger WHERE request_id <> 'done5'; DELETE FROM outbox; UPDATE runs SET delivered_at = 9`,
  );
  damaged.db.close();
  noteDamage(directory, 'a test');
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const store = new Store(opened.db, storeOptions(directory));
  const admit = async (requestId: string, body?: string) => (await store.runs.admit(arrival(requestId, body))).kind;
  expect([await admit('open'), await admit('done3'), await admit('done3', 'other bytes')]).toEqual(
    Array(3).fill('duplicate'),
  );
  // Of this one the bytes are known.
  expect([await admit('done5'), await admit('done5', 'other bytes')]).toEqual(['duplicate', 'conflict']);
  expect(await admit('new')).toBe('admitted');
  await store.close();
});

test('an older damaged file that somebody holds is no reason not to begin again; held itself, it waits', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const directory = tempDir();
  await filled(directory);
  const old = [1, 2, 3, 4].map((day) => join(directory, `${STORE_FILE}.damaged-2025-01-0${day}T00-00-00-000Z`));
  for (const file of old) writeFileSync(file, 'x');
  readOnly(old[0] ?? '');
  noteDamage(directory, 'a test');
  const letGo = readOnly(join(directory, STORE_FILE));
  expect(openStore(directory).kind).toBe('read_only');
  letGo();
  const opened = openStore(directory);
  expect(opened.kind).toBe('open');
  if (opened.kind === 'open') opened.db.close();
  expect(old.map((file) => existsSync(file))).toEqual([true, false, true, true]);
});

test.for(['store-is-damaged', 'salvage-from'])(
  'a mark (%s) that can not be taken away yet: the store waits, and is saved when it can',
  async (mark, context) => {
    if (noMounts !== null) return context.skip(noMounts);
    const directory = tempDir();
    await filled(directory);
    noteDamage(directory, 'found damaged');
    writeFileSync(join(directory, 'salvage-from'), `${ASIDE}\n`);
    const letGo = readOnly(join(directory, mark));
    for (let time = 0; time < 2; time++) expect(openStore(directory).kind).toBe('read_only');
    letGo();
    await isSaved(directory);
  },
);

test('a mark that can not be read yet: the store waits, and nothing is begun without what is to be saved', async () => {
  const directory = tempDir();
  await filled(directory);
  renameSync(join(directory, STORE_FILE), join(directory, ASIDE));
  const mark = join(directory, 'salvage-from');
  mkdirSync(mark);
  for (let time = 0; time < 2; time++) expect(openStore(directory).kind).toBe('read_only');
  rmdirSync(mark);
  writeFileSync(mark, `${ASIDE}\n`);
  await isSaved(directory);
});

test('whoever has a watchdog hears of its getting on', async () => {
  const directory = tempDir();
  await filled(directory);
  noteDamage(directory, 'found damaged');
  let steps = 0;
  const opened = openStore(directory, undefined, () => void steps++);
  expect(steps).toBeGreaterThan(5);
  if (opened.kind === 'open') opened.db.close();
});

test.each(['ledger', 'outbox', 'runs', 'commands'])(
  'a page of %s in the new file that the disk does not give: nothing counts as saved until it does',
  async (table) => {
    const directory = tempDir();
    await filled(directory);
    noteDamage(directory, 'found damaged');
    const disk = unreadable(new RegExp(`^INSERT OR IGNORE INTO ${table} `));
    for (let time = 0; time < 2; time++) {
      expect(openStore(directory)).toEqual({ kind: 'read_only', why: 'disk I/O error' });
    }
    expect(disk.errors).toBe(2);
    disk.away = false;
    const store = testStore(directory);
    expect(store.inbox.open(9).map(({ requestId }) => requestId)).toEqual(['open']);
    expect(store.outbox.counts().waiting).toBe(10);
    expect(store.inbox.body(runIdOf(1)).toString()).toBe('command open');
    expect(await store.runs.admit(arrival('done3'))).toEqual({ kind: 'duplicate' });
  },
);

test('columns of the new file that can not be told are no columns that the old one lacks', async () => {
  const directory = tempDir();
  await filled(directory);
  const to = openMemory();
  const pragma = to.pragma.bind(to);
  to.pragma = (sql, options) => {
    if (sql === 'table_info(ledger)') throw ioError();
    return pragma(sql, options);
  };
  const save = () => salvage(join(directory, STORE_FILE), to, silentLogger, () => {});
  expect(save).toThrow('disk I/O error');
  to.pragma = pragma;
  expect(save().damaged).toEqual([]);
});

test('a table is read without its indexes: what is damaged may be one of them', async () => {
  const directory = tempDir();
  await filled(directory);
  damagePage(directory, 'runs_open');
  damagePage(directory, 'runs_result');
  damagePage(directory, 'sqlite_autoindex_outbox_1');
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  expect(opened.notes.quarantined).not.toBeNull();
  const count = (from: string) =>
    (opened.db as Database.Database).prepare(`SELECT count(*) FROM ${from}`).pluck().get();
  expect([count('runs'), count('commands'), count('outbox')]).toEqual([11, 1, 10]);
  opened.db.close();
});

test.each(REASONS.filter((reason) => outcomeRow(reason).leavesIdFree))(
  'what was refused as %s has taken no id, and is not answered as if it had run',
  async (reason) => {
    const directory = tempDir();
    const store = testStore(directory);
    const refusal = {
      fingerprint: Buffer.alloc(32, 1),
      resultId: reason === 'SIGNATURE' ? resultIdOf('refused-1') : null,
    };
    const signature = { state: 'absent', kid: null };
    const outcome = ending('refused-1', {
      reason,
      exitCode: outcomeRow(reason).exitCode as number | null,
      outbox: null,
    });
    await store.runs.refuse(arrival('r1', 'forged', { signature }), refusal, () => outcome);
    await store.close();
    const to = openMemory();
    salvage(join(directory, STORE_FILE), to, silentLogger, () => {});
    const saved = new Store(to, storeOptions(directory));
    expect(saved.inbox.open(9)).toEqual([]);
    expect(await saved.runs.admit(arrival('r1'))).toMatchObject({ kind: 'admitted' });
    // The refusal itself is known, so that it is shown once.
    expect(await saved.runs.refuse(arrival('r1', 'forged', { signature }), refusal, () => outcome)).toBe(false);
  },
);
