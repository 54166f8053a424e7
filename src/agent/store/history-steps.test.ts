import { expect, test } from 'vitest';
import { runIdOf } from '../../../test/support/ids.ts';
import { arrival, ending, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { HistorySteps } from './history-steps.ts';
import type { RunFilter } from './run-conditions.ts';

const NEWEST = Number.POSITIVE_INFINITY;
const RUNS = 2_500;

async function longHistory() {
  const store = testStore(tempDir());
  const runs = Array.from({ length: RUNS }, async (_each, at) => {
    const title = at % 7 === 0 ? 'needle' : 'hay';
    const admitted = await store.runs.admit(
      arrival(`r${at}`, `command ${at}`, { manifestId: title, receivedAtMs: at * 1_000 }),
    );
    if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
    await store.runs.finish(admitted.run, ending(admitted.resultId, { reason: at % 2 === 0 ? 'DONE' : 'FAILED' }));
  });
  await Promise.all(runs);
  return store;
}

test('what is read in steps is what is read at once, for any filter, page and place', async () => {
  const { history } = await longHistory();
  const steps = new HistorySteps(history, loopTurn);
  const filters: RunFilter[] = [
    {},
    { search: 'needle' },
    { search: 'fits nothing' },
    { search: 'needle', reasons: ['FAILED'], afterRun: 300 },
    { search: 'fits nothing', byOutput: [runIdOf(3), runIdOf(1_400), runIdOf(2_499), runIdOf(99_999)] },
    { openOnly: true },
  ];
  for (const filter of filters) {
    const each = new Map<string | null, number>();
    for (const { reason, n } of await steps.countEach(filter)) each.set(reason, (each.get(reason) ?? 0) + n);
    expect(each).toEqual(new Map(history.countEach(filter).map(({ reason, n }) => [reason, n])));
    for (const before of [NEWEST, 1_777, 1]) {
      expect(await steps.count(filter, before)).toBe(history.count(filter, before));
      const shapes: unknown[] = [];
      await steps.shapes(filter, before, (shape) => shapes.push(shape));
      expect(shapes).toEqual(history.shapes(filter, before, RUNS));
      for (const [limit, skip] of [
        [500, 0],
        [50, 200],
        [50, 340],
        [50, 5_000],
      ] as const) {
        expect(await steps.list(filter, before, limit, skip)).toEqual(history.list(filter, before, limit, skip));
      }
      for (const atMs of [0, 900_000, 1_900_500]) {
        expect(await steps.newestAt(filter, before, atMs)).toBe(history.newestAt(filter, before, atMs) ?? null);
      }
    }
  }
});

test('between two looks there is a turn, and a page at the beginning needs none', async () => {
  const { history } = await longHistory();
  const looks: number[] = [];
  let turns = 0;
  const counted = {
    numbers: () => history.numbers(),
    newestAt: history.newestAt.bind(history),
    list: history.list.bind(history),
    countEach: history.countEach.bind(history),
    shapes: history.shapes.bind(history),
    count: (...args: Parameters<typeof history.count>) => {
      looks.push(turns);
      return history.count(...args);
    },
  };
  const turn = () => {
    turns += 1;
    return loopTurn();
  };
  await new HistorySteps(counted, turn).list({}, NEWEST, 50);
  expect(turns).toBe(0);
  const steps = new HistorySteps(counted, turn);
  await steps.count({ search: 'fits nothing' });
  await steps.count({});
  expect(looks.length).toBeGreaterThan(3);
  expect(looks).toEqual(looks.map((_each, at) => at));
});

test('an empty history is no step at all', async () => {
  const { history } = testStore(tempDir());
  const steps = new HistorySteps(history, () => Promise.reject(new Error('there is nothing to wait for')));
  expect(await steps.list({}, NEWEST, 50)).toEqual([]);
  expect([await steps.count({}), await steps.newestAt({}, NEWEST, 1)]).toEqual([0, null]);
});
