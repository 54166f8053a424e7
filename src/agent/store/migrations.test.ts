import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { expect, test } from 'vitest';
import { storeOfRelease2 } from '../../../test/support/damaged-store.ts';
import { runIdOf } from '../../../test/support/ids.ts';
import { noMountsHere, smallDisk } from '../../../test/support/mounts.ts';
import { ManualClock } from '../../../test/support/status.ts';
import { arrival, ending, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { STORE_FILE } from './aside.ts';
import { openMemory, openStore } from './open.ts';

const MIB = 1024 * 1024;
const noMounts = noMountsHere();

/** As the release before writes them. */
function oldRun(
  db: Database,
  run: number,
  state: string,
  times: { receivedAt?: number; notBefore?: number | null } = {},
) {
  db.prepare(`
    INSERT INTO runs (run, request_id, result_id, source, subject, received_at, state, not_before)
    VALUES (?, ?, ?, 'live', 'commands.all', ?, ?, ?)`).run(
    run,
    `r${run}`,
    `x${run}`,
    times.receivedAt ?? 1,
    state,
    times.notBefore ?? null,
  );
}

function oldResults(db: Database, count: number, bytes: number): void {
  const put = db.prepare(`
    INSERT INTO outbox (kind, id, subject, body, run, queued_at, parked_at, parked_why) VALUES ('result', ?, 'r.x', ?, ?, 1, ?, ?)`);
  db.transaction(() => {
    for (let i = 1; i <= count; i++) {
      const parked = i % 10 === 0;
      put.run(`x${i}`, Buffer.alloc(bytes, i), i, parked ? 7 : null, parked ? 'too large' : null);
    }
  })();
}

test('an upgraded store is what a new one is, with all that was in it', () => {
  const directory = tempDir();
  const old = storeOfRelease2(directory);
  for (let run = 1; run <= 20; run++) oldRun(old, run, run > 15 ? 'admitted' : 'finished');
  oldResults(old, 15, 20_000);
  old.close();
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const { db } = opened;
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  const shape = (of: Database) => {
    const objects = of.prepare(`SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name`).all();
    return (objects as { name: string; sql: string }[]).map(({ name, sql }) => `${name}: ${sql}`);
  };
  expect(shape(db)).toEqual(shape(openMemory()));
  expect(db.prepare('SELECT count(*) FROM runs').pluck().get()).toBe(20);
  expect(db.prepare('SELECT sum(length(body)), sum(next_try_at) FROM outbox').raw().get()).toEqual([300_000, 0]);
  db.close();
  const store = testStore(directory);
  expect(store.outbox.counts()).toMatchObject({ waiting: 14, parked: 1 });
  expect(store.history.get(runIdOf(10))?.parkedWhy).toBe('too large');
});

test('a run number is never given twice over an upgrade, also when the release before prunes and takes in meanwhile', async () => {
  const directory = tempDir();
  const old = storeOfRelease2(directory);
  oldRun(old, 7, 'finished');
  old.exec('DELETE FROM runs');
  old.exec(`INSERT INTO ledger VALUES ('gone', x'00', 1, 9)`);
  old.close();
  const store = testStore(directory);
  expect(await store.runs.admit(arrival('new'))).toMatchObject({ run: 10 });
  await store.close();
  // Back to the release before: its statements, on this file.
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  opened.db.exec('DELETE FROM runs');
  const insert = `INSERT INTO runs (request_id, source, subject, received_at, state) VALUES ('o', 'live', 's', 1, 'admitted')`;
  expect(opened.db.prepare(insert).run().lastInsertRowid).toBe(11);
  opened.db.exec('DELETE FROM runs');
  opened.db.close();
  expect(await testStore(directory).runs.admit(arrival('again'))).toMatchObject({ run: 12 });
});

test('a jitter of the release before goes on, and one that is over stays over', async () => {
  const directory = tempDir();
  const clock = new ManualClock();
  const nowMs = clock.nowMs();
  const old = storeOfRelease2(directory);
  const receivedAt = nowMs - 60_000;
  oldRun(old, 1, 'waiting_jitter', { receivedAt, notBefore: nowMs + 1_000 });
  oldRun(old, 2, 'waiting_slot', { receivedAt, notBefore: nowMs - 1_000 });
  oldRun(old, 3, 'admitted', { receivedAt });
  oldRun(old, 4, 'finished', { receivedAt, notBefore: nowMs + 1_000 });
  old.close();
  const store = testStore(directory, clock);
  while ((await store.waits.adopt(1)) > 0);
  expect([1, 2, 3, 4].map((run) => store.waits.leftMs(runIdOf(run), 'jitter'))).toEqual([1_000, null, null, null]);
});

test('so does one of the release before to which an upgrade was undone, and what that one ended waits no more', async () => {
  const directory = tempDir();
  const clock = new ManualClock();
  const store = testStore(directory, clock);
  for (const id of ['a', 'b']) await store.runs.admit(arrival(id, id, { receivedAtMs: clock.nowMs() }));
  await store.runs.advance(runIdOf(1), 'waiting_jitter', { kind: 'jitter', askedMs: 5_000 });
  await store.close();
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  // Its statements.
  opened.db.exec(`UPDATE runs SET state = 'finished' WHERE run = 1`);
  opened.db
    .prepare(`UPDATE runs SET state = 'waiting_jitter', not_before = ? WHERE run = 2`)
    .run(clock.nowMs() + 9_000);
  opened.db.close();
  const again = testStore(directory, clock);
  while ((await again.waits.adopt(100)) > 0);
  expect([1, 2].map((run) => again.waits.leftMs(runIdOf(run), 'jitter'))).toEqual([null, 9_000]);
});

test('an upgrade needs hardly any room, however much is to be sent', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(220);
  const old = storeOfRelease2(disk.path);
  for (let run = 1; run <= 2_000; run++) oldRun(old, run, 'finished');
  oldResults(old, 2_000, 40_000);
  old.pragma('wal_checkpoint(TRUNCATE)');
  old.close();
  disk.resize(Math.ceil(statSync(join(disk.path, STORE_FILE)).size / MIB) + 2);
  const opened = openStore(disk.path);
  expect(opened.kind).toBe('open');
  if (opened.kind === 'open') opened.db.close();
});

test('one for which there is no room leaves all as it was, takes nothing of what is left, and is done later', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(120);
  const old = storeOfRelease2(disk.path);
  for (let run = 1; run <= 2_000; run++) oldRun(old, run, 'admitted');
  oldResults(old, 2_000, 10_000);
  old.pragma('wal_checkpoint(TRUNCATE)');
  old.close();
  const file = join(disk.path, STORE_FILE);
  const bytes = statSync(file).size;
  disk.resize(Math.ceil(bytes / MIB) + 1);
  const fill = join(disk.path, 'fill');
  expect(() => writeFileSync(fill, Buffer.alloc(2 * MIB, 1))).toThrow('ENOSPC');
  for (let time = 0; time < 3; time++) {
    expect(openStore(disk.path).kind).toBe('full');
    expect([statSync(file).size, readdirSync(disk.path).sort()]).toEqual([bytes, ['fill', STORE_FILE]]);
  }
  disk.resize(120);
  const store = testStore(disk.path);
  expect(store.outbox.counts()).toMatchObject({ waiting: 1_800, parked: 200 });
  await store.runs.finish(runIdOf(1), ending('x-new'));
});
