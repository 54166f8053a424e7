import { describe, expect, test } from 'vitest';
import { clientDeps, HANAKO, open, ROOT, TARO } from '../../../test/support/socket-client.ts';
import { endedRun, type StatusWorld, statusWorld } from '../../../test/support/status.ts';
import { arrival } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import type { AgentClient } from '../../shared/client.ts';
import { CallError } from '../../shared/faults.ts';
import { NO_COUNTS } from '../../shared/group-counts.ts';
import { MAX_COUNTED_DAYS, MAX_OUTLINED_DAYS } from '../../shared/outline-limits.ts';

/** Three days from 1,000 on; the third has one that waits, and on the second one ran as Taro. */
async function threeDays(): Promise<StatusWorld> {
  const world = statusWorld(tempDir());
  const runs = [
    [1_000, 'DONE', {}],
    [1_500, 'FAILED', {}],
    [2_000, 'DONE', {}],
    [2_100, 'KILLED', { runAs: 'user' }],
  ] as const;
  for (const [receivedAtMs, reason, more] of runs) {
    await endedRun(world.store, `r${receivedAtMs}`, {
      arrival: { receivedAtMs, ...more },
      ending: { reason, exitCode: reason === 'DONE' ? 0 : -1 },
      ...('runAs' in more ? { user: TARO } : {}),
    });
  }
  for (let at = 0; at < 4; at++)
    await endedRun(world.store, `r-burst-${at}`, { arrival: { receivedAtMs: 3_000 + at } });
  await world.store.runs.admit(arrival('r-open', 'still waiting', { receivedAtMs: 3_500 }));
  return world;
}

const as = (world: StatusWorld, account: string): Promise<AgentClient> =>
  open(clientDeps(world, { account }), { account });
const helpdesk = (world: StatusWorld) => open(clientDeps(world), { account: ROOT, client: 'cli' });
const STARTS_MS = [1_000, 2_000, 3_000, 4_000];

async function faultOf(call: Promise<unknown>): Promise<string> {
  const outcome = await call.catch((error: unknown) => error);
  return outcome instanceof CallError ? outcome.fault.name : 'no fault';
}

describe('days', () => {
  test('each with what became of its tasks', async () => {
    const taro = await as(await threeDays(), TARO);
    expect(await taro.call('runs.days', { startsMs: STARTS_MS })).toEqual({
      days: [
        { ...NO_COUNTS, done: 1, failed: 1 },
        { ...NO_COUNTS, done: 1, stopped: 1 },
        { ...NO_COUNTS, done: 4, open: 1 },
      ],
      earlier: false,
    });
    expect((await taro.call('runs.days', { startsMs: [1_400, 1_600] })).earlier).toBe(true);
  });

  test('without what ran as somebody else, also where that alone would be earlier', async () => {
    const hanako = await as(await threeDays(), HANAKO);
    const { days } = await hanako.call('runs.days', { startsMs: STARTS_MS });
    expect(days[1]).toEqual({ ...NO_COUNTS, done: 1 });
    const world = statusWorld(tempDir());
    await endedRun(world.store, 'r', { arrival: { receivedAtMs: 5, runAs: 'user' }, user: TARO });
    expect((await (await as(world, HANAKO)).call('runs.days', { startsMs: [6, 7] })).earlier).toBe(false);
    expect((await (await as(world, TARO)).call('runs.days', { startsMs: [6, 7] })).earlier).toBe(true);
    expect((await (await helpdesk(world)).call('runs.days', { startsMs: [6, 7] })).earlier).toBe(true);
  });

  test.each<[string, number[]]>([
    ['one that has no end', [1]],
    ['more than a month', Array.from({ length: MAX_COUNTED_DAYS + 2 }, (_, at) => at)],
    ['days in another order', [2, 1]],
    ['a day without length', [1, 1]],
  ])('%s is an error', async (_what, startsMs) => {
    const agent = await helpdesk(statusWorld(tempDir()));
    expect(await faultOf(agent.call('runs.days', { startsMs }))).toBe('invalid_params');
  });
});

describe('counts', () => {
  test('are of what the conditions hold for, group by group', async () => {
    const agent = await as(await threeDays(), TARO);
    expect(await agent.call('runs.counts', {})).toEqual({ ...NO_COUNTS, done: 6, failed: 1, stopped: 1, open: 1 });
    const ofOneDay = await agent.call('runs.counts', { fromMs: 1_000, toMs: 2_000 });
    expect(ofOneDay).toEqual({ ...NO_COUNTS, done: 1, failed: 1 });
    expect(await agent.call('runs.counts', { search: 'no such task' })).toEqual(NO_COUNTS);
    expect((await agent.call('runs.counts', { search: 'job' })).done).toBe(6);
  });

  test('leave out what ran as somebody else', async () => {
    const agent = await as(await threeDays(), HANAKO);
    expect((await agent.call('runs.counts', {})).stopped).toBe(0);
  });
});

describe('the outline', () => {
  test('is that of the list with the same conditions', async () => {
    const agent = await as(await threeDays(), TARO);
    expect(await agent.call('runs.outline', { startsMs: STARTS_MS })).toEqual({
      newestRun: 9,
      matching: 9,
      all: 9,
      days: [
        { startMs: 3_000, count: 5 },
        { startMs: 2_000, count: 2 },
        { startMs: 1_000, count: 2 },
      ],
      folds: [[1, 4, 3_000]],
    });
    const done = await agent.call('runs.outline', { startsMs: STARTS_MS, group: 'done', beforeRun: 8 });
    expect(done).toMatchObject({ newestRun: 7, matching: 5, all: 9, folds: [[0, 3, 3_000]] });
    const { rows } = await agent.call('runs.list', { group: 'done', beforeRun: 8 });
    expect(rows.map(({ run }) => run)).toEqual([7, 6, 5, 3, 1]);
  });

  test('has nothing of what ran as somebody else', async () => {
    const agent = await as(await threeDays(), HANAKO);
    expect(await agent.call('runs.outline', { startsMs: STARTS_MS })).toMatchObject({ matching: 8, all: 8 });
  });

  test('folds nothing where names are hidden, but for the helpdesk', async () => {
    const world = await threeDays();
    world.ui = { ...world.ui, hideCommandNames: true };
    expect((await (await as(world, TARO)).call('runs.outline', { startsMs: STARTS_MS })).folds).toEqual([]);
    expect((await (await helpdesk(world)).call('runs.outline', { startsMs: STARTS_MS })).folds).toEqual([
      [1, 4, 3_000],
    ]);
  });

  test('of more than is read at once is whole', async () => {
    const world = statusWorld(tempDir());
    const admitted = Array.from({ length: 9_000 }, (_, at) => world.store.runs.admit(arrival(`r${at}`)));
    await Promise.all(admitted);
    const agent = await helpdesk(world);
    const outline = await agent.call('runs.outline', { startsMs: [0] });
    expect(outline).toMatchObject({ newestRun: 9_000, matching: 9_000, days: [{ startMs: 0, count: 9_000 }] });
  });

  test('more days than are asked for at once are an error', async () => {
    const agent = await helpdesk(statusWorld(tempDir()));
    const startsMs = Array.from({ length: MAX_OUTLINED_DAYS + 1 }, (_, at) => at);
    expect(await faultOf(agent.call('runs.outline', { startsMs }))).toBe('invalid_params');
  });
});
