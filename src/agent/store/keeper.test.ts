import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../e2e/support/eventually.ts';
import { arrival, ending, storeOptions, testStore } from '../../../e2e/support/store.ts';
import { tempDir } from '../../../e2e/support/temp.ts';
import { openStore } from './open.ts';
import { Store } from './store.ts';

const DAY_MS = 86_400_000;

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
  await store.keeper.prune(null);
  expect(store.history.count({})).toBe(4);
  await store.keeper.prune(nowMs);
  const left = store.history.list({}, Number.POSITIVE_INFINITY, 10).map(({ requestId }) => requestId);
  expect(left).toEqual(['old-open', 'week-old', 'old-unsent']);
  expect(await store.runs.admit(arrival('week-old', 'c week-old'))).toEqual({ kind: 'duplicate' });
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
  await store.keeper.prune(null);
  const left = store.history.list({}, Number.POSITIVE_INFINITY, 2_000);
  expect(left.length).toBeLessThan(1_200);
  expect(left[0]?.requestId).toBe('r1199');
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
    await store.keeper.keepReserve();
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
