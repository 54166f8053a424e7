/** How often the store is looked after, on fake time. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { arrival, storeOptions } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { openStore } from './open.ts';
import { Store } from './store.ts';

const GIB = 1024 ** 3;

function setUp({ freeBytes = 2 * GIB } = {}) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const opened = openStore(tempDir());
  if (opened.kind !== 'open') throw new Error(`the store did not open: ${opened.kind}`);
  const store = new Store(opened.db, storeOptions(tempDir()));
  onTestFinished(() => store.close());
  // What waits for a commit goes on in a real turn of the loop.
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      vi.advanceTimersByTime(1_000);
      await loopTurn();
    }
  };
  const probes: number[] = [];
  const began = performance.now();
  const hasRoom = store.maintenance.hasRoom.bind(store.maintenance);
  store.maintenance.freeBytes = () => freeBytes;
  // Writes a file of many megabytes, which takes real time.
  store.maintenance.keepReserve = async () => {};
  store.maintenance.hasRoom = () => {
    probes.push(Math.round((performance.now() - began) / 1_000));
    return hasRoom();
  };
  return { store, db: opened.db, probes, pass };
}

test('history is pruned about every hour, and the reserve looked after each half minute', async () => {
  const { store, pass } = setUp();
  let keeps = 0;
  const pruned: number[] = [];
  store.maintenance.keepReserve = async () => void keeps++;
  store.maintenance.prune = async () => void pruned.push(keeps);
  store.start({ serverNowMs: () => null });
  await pass(2 * 3_600 + 60);
  expect(keeps).toBeGreaterThan(7_260 / 45);
  expect(keeps).toBeLessThan(7_260 / 30);
  expect(pruned).toHaveLength(3);
});

test('with plenty of room and nothing written the disk is asked four times a minute, and soon again after a write', async () => {
  const { store, probes, pass } = setUp();
  store.start({ serverNowMs: () => null });
  await pass(60);
  expect(probes).toEqual([0, 16, 32, 48]);
  // In the middle of a long pause.
  await pass(2);
  void store.lastContact.note(0);
  await pass(24);
  expect(probes).toEqual([0, 16, 32, 48, 66, 82]);
});

test('where room may run short the disk is asked every four seconds', async () => {
  const { store, probes, pass } = setUp({ freeBytes: GIB / 2 });
  store.start({ serverNowMs: () => null });
  await pass(12);
  expect(probes).toEqual([0, 4, 8, 12]);
});

test('a write that fails in a long pause is followed by a probe at once', async () => {
  const { store, db, pass } = setUp();
  store.start({ serverNowMs: () => null });
  await pass(17);
  db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true }) as number}`);
  await expect(store.runs.admit(arrival('new', 'x'.repeat(100_000)))).rejects.toThrow('full');
  db.pragma('max_page_count = 1000000');
  await pass(4);
  expect(store.state.value).toBe('ok');
});
