import { expect, onTestFinished, test, vi } from 'vitest';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';

test('history is pruned about every hour: with each 113th of the looks that are made each half minute', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const store = testStore(tempDir());
  let keeps = 0;
  const pruned: number[] = [];
  store.maintenance.keepReserve = async () => void keeps++;
  store.maintenance.prune = async () => void pruned.push(keeps);
  store.start({ serverNowMs: () => null });
  for (let rounds = 0; keeps < 228; rounds++) {
    await vi.advanceTimersByTimeAsync(4_000);
    if (rounds > 3_000) throw new Error(`only ${keeps} looks`);
  }
  expect(pruned).toEqual([1, 114, 227]);
});
