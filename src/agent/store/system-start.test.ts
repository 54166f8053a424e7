import { expect, test } from 'vitest';
import { ManualClock, START } from '../../../test/support/schedule-rig.ts';
import { storeOptions } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { openStore } from './open.ts';
import { Store } from './store.ts';

const MINUTE_MS = 60_000;

/** The name that one process after the other has for the start of the system; `boot`: the system's own. */
async function names(clocks: readonly ManualClock[], boot: string | null): Promise<string[]> {
  const directory = tempDir();
  const given: string[] = [];
  for (const clock of clocks) {
    const opened = openStore(directory);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    const store = new Store(opened.db, { ...storeOptions(directory, clock), boot });
    given.push(store.systemStart);
    await store.close();
  }
  return given;
}

test('a system that names its starts is believed', async () => {
  expect(await names([new ManualClock()], 'boot-7')).toEqual(['boot-7']);
});

test('one that does not has the same start over restarts of the agent, also with a clock that is put right', async () => {
  const [first, second, third] = await names(
    [
      new ManualClock(START, 5 * MINUTE_MS),
      new ManualClock(START + 60 * MINUTE_MS, 65 * MINUTE_MS),
      new ManualClock(START + 120 * MINUTE_MS + 90_000, 125 * MINUTE_MS),
    ],
    null,
  );
  expect(second).toBe(first);
  expect(third).toBe(first);
});

test('and another one after a restart, however soon', async () => {
  const [first, second] = await names(
    [new ManualClock(START, 5 * MINUTE_MS), new ManualClock(START + MINUTE_MS, MINUTE_MS / 2)],
    null,
  );
  expect(second).not.toBe(first);
});
