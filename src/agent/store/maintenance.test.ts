import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { runIdOf } from '../../../test/support/ids.ts';
import { noMountsHere, smallDisk } from '../../../test/support/mounts.ts';
import { arrival, ending, storeOptions, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { systemClock } from '../../base/clock.ts';
import { openStore } from './open.ts';
import { Store } from './store.ts';

const DAY_MS = 86_400_000;
const noMounts = noMountsHere();

async function run(store: Store, requestId: string, serverAtMs: number, delivered: boolean): Promise<void> {
  const admitted = await store.runs.admit(arrival(requestId, `c ${requestId}`, { serverAtMs }));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  await store.runs.finish(admitted.run, ending(admitted.resultId));
  const [row] = store.outbox.waiting(true, 100).filter(({ id }) => id === admitted.resultId);
  if (delivered && row !== undefined) await store.outbox.delivered(row, serverAtMs);
}

test('history goes by age, but nothing that is open or not delivered, and no ledger row before 8 days', async () => {
  const nowMs = 200 * DAY_MS;
  const store = testStore(tempDir());
  await run(store, 'old', nowMs - 100 * DAY_MS, true);
  await run(store, 'old-unsent', nowMs - 100 * DAY_MS, false);
  await run(store, 'week-old', nowMs - 7 * DAY_MS, true);
  await store.runs.admit(arrival('old-open', 'x', { serverAtMs: nowMs - 100 * DAY_MS }));
  await store.maintenance.prune(null);
  expect(store.history.count({})).toBe(4);
  await store.maintenance.prune(nowMs);
  const left = store.history.list({}, Number.POSITIVE_INFINITY, 10).map(({ requestId }) => requestId);
  expect(left).toEqual(['old-open', 'week-old', 'old-unsent']);
  expect(await store.runs.admit(arrival('week-old', 'c week-old'))).toEqual({ kind: 'duplicate' });
});

test('ids are remembered for a year, as many as there is room for, and for 8 days in any case', async () => {
  const nowMs = 800 * DAY_MS;
  const directory = tempDir();
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const options = storeOptions(directory);
  const store = new Store(opened.db, { ...options, retention: { ...options.retention, ledgerRows: 4 } });
  onTestFinished(() => store.close());
  const known = async (ages: readonly number[]) => {
    const kinds = [];
    for (const days of ages) kinds.push((await store.runs.admit(arrival(`${days}`, `c ${days}`))).kind);
    return kinds;
  };
  for (const days of [366, 364, 100, 99]) await run(store, `${days}`, nowMs - days * DAY_MS, true);
  await store.maintenance.prune(nowMs);
  expect(await known([364, 100, 99])).toEqual(['duplicate', 'duplicate', 'duplicate']);
  for (const days of [7, 6, 5, 4, 3]) await run(store, `${days}`, nowMs - days * DAY_MS, true);
  await store.maintenance.prune(nowMs);
  expect(new Set(await known([7, 6, 5, 4, 3]))).toEqual(new Set(['duplicate']));
  expect(new Set(await known([366, 364, 100, 99]))).toEqual(new Set(['admitted']));
});

test('history beyond its size goes, the oldest first', async () => {
  const directory = tempDir();
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const store = new Store(opened.db, {
    ...storeOptions(directory),
    retention: { historyDays: 90, historyMaxBytes: 2 * 1024 * 1024 },
  });
  onTestFinished(() => store.close());
  const text = 'x'.repeat(4_000);
  for (let i = 0; i < 1_200; i++) {
    const admitted = await store.runs.admit(arrival(`r${i}`, `c${i}`, {}));
    if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
    const stdout = { text, totalBytes: text.length, cut: false };
    void store.runs.finish(admitted.run, ending(admitted.resultId, { stdout, outbox: null }));
  }
  await store.maintenance.prune(null);
  const left = store.history.list({}, Number.POSITIVE_INFINITY, 2_000);
  expect(left.length).toBeLessThan(1_200);
  expect(left[0]?.requestId).toBe('r1199');
});

test('where a quota is full, history goes although the disk has room', async () => {
  const directory = tempDir();
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const store = new Store(opened.db, storeOptions(directory));
  onTestFinished(() => store.close());
  const text = 'x'.repeat(4_000);
  const stdout = { text, totalBytes: text.length, cut: false };
  for (let i = 0; i < 600; i++) {
    const admitted = await store.runs.admit(arrival(`r${i}`, `c${i}`, {}));
    if (admitted.kind === 'admitted')
      await store.runs.finish(admitted.run, ending(admitted.resultId, { stdout, outbox: null }));
  }
  opened.db.pragma(`max_page_count = ${opened.db.pragma('page_count', { simple: true }) as number}`);
  await expect(store.runs.admit(arrival('new', 'x'.repeat(100_000)))).rejects.toThrow('full');
  expect([store.state.value, store.maintenance.hasRoom()]).toEqual(['full', true]);
  await eventually(async () => {
    await store.probe();
    expect(store.admits).toBe(true);
  });
  expect(await store.runs.admit(arrival('new', 'x'.repeat(100_000)))).toMatchObject({ kind: 'admitted' });
  expect(store.history.count({})).toBeLessThan(601);
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

test.skipIf(!canMount)(
  'a full disk: nothing is admitted, what runs can finish, and it recovers by itself',
  async () => {
    // Needs root, to have a small disk of its own.
    const directory = join(tempDir(), 'disk');
    mkdirSync(directory);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', directory]);
    onTestFinished(() => void execFileSync('umount', ['-l', directory]));
    const store = testStore(directory);
    const admitted = await store.runs.admit(arrival('running'));
    if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
    await store.maintenance.keepReserve();
    expect(existsSync(join(directory, 'reserve'))).toBe(true);
    const hog = join(directory, 'hog');
    expect(() => writeFileSync(hog, Buffer.alloc(96 * 1024 * 1024, 1))).toThrow(/ENOSPC/);
    await store.probe();
    expect([store.state.value, store.admits]).toEqual(['full', false]);
    // The result of what runs is larger than what is left without the reserve.
    const stdout = { text: 'y'.repeat(4 * 1024 * 1024), totalBytes: 4 * 1024 * 1024, cut: false };
    const finish = () => store.runs.finish(admitted.run, ending(admitted.resultId, { stdout }));
    expect(await finish().catch(finish)).toBe(true);
    execFileSync('rm', [hog]);
    await eventually(async () => {
      await store.probe();
      expect(store.admits).toBe(true);
    });
    expect((await store.runs.admit(arrival('after'))).kind).toBe('admitted');
  },
);

test('what still has to become free is told by the limits themselves, and followed while there is too little', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const MIB = 1024 * 1024;
  const disk = smallDisk(100);
  const store = testStore(disk.path);
  const { maintenance } = store;
  expect(store.room.value).toMatchObject({ ok: true, neededBytes: 0 });
  const short = (limit: number) => limit + 1 - (maintenance.freeBytes() ?? 0);
  disk.resize(6);
  expect(maintenance.room().neededBytes).toBe(short(32 * MIB));
  disk.resize(100);
  await maintenance.keepReserve();
  disk.resize(22);
  expect(maintenance.room().neededBytes).toBe(short(16 * MIB));
  expect(maintenance.room().neededBytes).toBeGreaterThan(10 * MIB);

  const seen: unknown[] = [];
  store.room.watch((room) => seen.push(room));
  await store.probe();
  expect(seen).toEqual([{ ok: false, ...maintenance.room() }]);
  await store.probe();
  expect(seen).toHaveLength(1);
  disk.resize(26);
  await store.probe();
  expect(seen.slice(1)).toEqual([{ ok: false, ...maintenance.room() }]);
  // With a MiB for what the probe itself writes.
  disk.resize(28 + Math.floor((maintenance.room().neededBytes ?? 0) / MIB));
  await store.probe();
  expect(store.room.value.ok).toBe(true);
  expect(store.admits).toBe(true);
});

test('a run number is never given twice, whatever was pruned or restarted', async () => {
  const directory = tempDir();
  const store = testStore(directory);
  await run(store, 'r1', DAY_MS, true);
  await run(store, 'r2', DAY_MS, true);
  await store.maintenance.prune(200 * DAY_MS);
  expect(store.history.count({})).toBe(0);
  const next = await store.runs.admit(arrival('r3'));
  expect(next).toMatchObject({ kind: 'admitted', run: 3 });
  if (next.kind === 'admitted') await store.runs.finish(next.run, ending(next.resultId, { outbox: null }));
  await store.maintenance.prune(200 * DAY_MS);
  await store.close();
  expect(await testStore(directory).runs.admit(arrival('r4'))).toMatchObject({ run: 4 });
});

test('no clock of this PC makes the ledger forget: only the time of the broker and the order of arrival do', async () => {
  const tenYearsAgoMs = Date.UTC(2016, 0, 1);
  const nowMs = Date.UTC(2026, 0, 1);
  let wallMs = tenYearsAgoMs;
  const store = testStore(tempDir(), { ...systemClock, nowMs: () => wallMs });
  await run(store, 'taken-in-2016', nowMs, true);
  await store.runs.admit(arrival('open', 'o', { receivedAtMs: wallMs, serverAtMs: nowMs - 100 * DAY_MS }));
  for (wallMs of [nowMs, nowMs + 3_650 * DAY_MS, tenYearsAgoMs]) {
    await store.maintenance.prune(null);
    await store.maintenance.prune(nowMs + DAY_MS);
    expect(await store.runs.admit(arrival('taken-in-2016', 'c taken-in-2016'))).toEqual({ kind: 'duplicate' });
    expect(await store.runs.admit(arrival('open', 'o'))).toEqual({ kind: 'duplicate' });
  }
});

test('what has no time of the broker goes with what came after it', async () => {
  const store = testStore(tempDir());
  await store.runs.admit(arrival('before', 'b', { serverAtMs: null }), (id) => ending(id, { outbox: null }));
  await store.runs.admit(arrival('timed', 't', { serverAtMs: DAY_MS }), (id) => ending(id, { outbox: null }));
  await store.runs.admit(arrival('after', 'a', { serverAtMs: null }), (id) => ending(id, { outbox: null }));
  await store.maintenance.prune(400 * DAY_MS);
  const kinds = [];
  for (const [id, body] of [
    ['before', 'b'],
    ['timed', 't'],
    ['after', 'a'],
  ] as const) {
    kinds.push((await store.runs.admit(arrival(id, body))).kind);
  }
  expect(kinds).toEqual(['admitted', 'admitted', 'duplicate']);
});

test('a kill is kept for its command, which may come days later, and no longer than one can', async () => {
  const store = testStore(tempDir());
  await store.kills.record('e1', 7_000, 10 * DAY_MS);
  await store.maintenance.prune(17 * DAY_MS);
  const admitted = await store.runs.admit(arrival('late', 'l', { execId: 'e1' }));
  expect(admitted).toMatchObject({ kind: 'admitted' });
  expect(store.inbox.open(1)[0]?.killAtMs).toBe(7_000);
});

test('what is not delivered is no history: however much it is, none of the history goes for it', async () => {
  const directory = tempDir();
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const retention = { historyDays: 90, historyMaxBytes: 1024 * 1024 };
  const store = new Store(opened.db, { ...storeOptions(directory), retention });
  onTestFinished(() => store.close());
  for (let i = 0; i < 20; i++) await run(store, `delivered${i}`, 1, true);
  const text = 'x'.repeat(20_000);
  for (let i = 0; i < 100; i++) {
    const admitted = await store.runs.admit(arrival(`waits${i}`, `waits${i}${text}`));
    if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
    if (i >= 80) continue;
    const outbox = { kind: 'result', id: admitted.resultId, subject: 's', body: Buffer.from(text) } as const;
    const stdout = { text, totalBytes: text.length, cut: false };
    await store.runs.finish(admitted.run, ending(admitted.resultId, { stdout, outbox }));
  }
  await store.maintenance.prune(null);
  expect(store.history.count({})).toBe(120);
});

test('a full disk finds the history behind any number of results that wait, in steps', async () => {
  const store = testStore(tempDir());
  for (let i = 0; i < 500; i++) {
    void store.runs.admit(arrival(`waits${i}`), (id) => ending(id));
  }
  for (let i = 0; i < 700; i++) void store.runs.admit(arrival(`done${i}`), (id) => ending(id, { outbox: null }));
  await store.runs.admit(arrival('last'), (id) => ending(id, { outbox: null }));
  store.maintenance.hasRoom = () => false;
  await store.maintenance.makeRoom();
  // A tenth, and at least 500; none of those that wait.
  expect(store.history.count({})).toBeLessThanOrEqual(701);
  expect(store.history.count({})).toBeGreaterThan(501);
  expect(store.outbox.counts().waiting).toBe(500);
  expect(store.history.get(runIdOf(1))).toBeDefined();
  expect(store.history.get(runIdOf(1_201))).toBeDefined();
});

test('the output of what is delivered goes where there is no history to give up', async () => {
  const store = testStore(tempDir());
  await run(store, 'waits', 1, false);
  await store.runs.admit(arrival('held'), (id) => ending(id));
  await run(store, 'delivered', 1, true);
  // Its row stays, as if it were still to be looked at.
  await store.outbox.put({ kind: 'started', id: 's', subject: 's', body: Buffer.alloc(1) }, 1, { run: 3 });
  store.maintenance.hasRoom = () => false;
  await store.maintenance.makeRoom();
  expect([1, 2, 3].map((number) => store.history.output(runIdOf(number), 'stdout')?.text)).toEqual([
    'hello\n',
    'hello\n',
    undefined,
  ]);
});

test('a started event that was never delivered keeps no run whose result is', async () => {
  const nowMs = 200 * DAY_MS;
  const store = testStore(tempDir());
  const admitted = await store.runs.admit(arrival('old', 'c old', { serverAtMs: nowMs - 100 * DAY_MS }));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  const { run: number, resultId } = admitted;
  const event = { kind: 'started', id: resultId, subject: 'events.started.e.PC-1', body: Buffer.from('x') } as const;
  await store.runs.start(number, { startedAtMs: 1, runAsUser: null, facts: null, event });
  await store.runs.finish(number, ending(resultId));
  for (const row of store.outbox.waiting(true, 9)) await store.outbox.delivered(row, nowMs);
  await run(store, 'newer', nowMs - DAY_MS, true);
  await store.maintenance.prune(nowMs);
  expect(store.history.list({}, Number.POSITIVE_INFINITY, 9).map(({ requestId }) => requestId)).toEqual(['newer']);
});
