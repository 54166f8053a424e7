import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { runIdOf } from '../../../test/support/ids.ts';
import { endedRun, type ManualClock, type StatusWorld, statusWorld } from '../../../test/support/status.ts';
import { arrival } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { ioError } from '../../../test/support/unreadable.ts';
import type { AgentStatus } from '../../shared/agent-status.ts';
import { Projection, PUSH_INTERVAL_MS } from './projection.ts';
import type { Principal } from './roles.ts';

const TARO: Principal = {
  account: '1000',
  client: 'window',
  isHost: false,
  isAdministrator: false,
  isPrivileged: false,
  unlockedUntilMs: null,
};

/** Moves the agent's clock and the timers together. */
function forward(clock: ManualClock, ms: number): void {
  for (let at = 0; at < ms; at += 50) {
    clock.forward(50);
    vi.advanceTimersByTime(50);
  }
}

function disk(world: StatusWorld, freeBytes: number): void {
  world.cells.disk.set({ ok: true, freeBytes, neededBytes: 0 });
}

describe('pushes', () => {
  let world: StatusWorld;
  let projection: Projection;
  let pushed: AgentStatus[];

  beforeEach(() => {
    world = statusWorld(tempDir());
    projection = new Projection(world.ports);
    pushed = [];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    return () => vi.useRealTimers();
  });

  const subscribe = () =>
    projection.subscribe(
      () => TARO,
      (status) => void pushed.push(status),
    );

  test('a new day begins with new counts, pushed by itself', async () => {
    vi.useRealTimers();
    await endedRun(world.store, 'evening', { arrival: { receivedAtMs: world.clock.atMs } });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    subscribe();
    const midnightMs = new Date(world.clock.atMs).setHours(24, 0, 0, 0);
    world.clock.atMs = midnightMs;
    vi.advanceTimersByTime(24 * 3_600_000);
    expect(pushed.map(({ today }) => today)).toEqual([{}]);
  });

  test('so does the day of another time zone, to which the PC has come', async () => {
    const before = process.env.TZ;
    onTestFinished(() => {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    });
    vi.useRealTimers();
    process.env.TZ = 'Etc/UTC';
    // At noon it is two in the morning of the next day in Kiritimati.
    await endedRun(world.store, 'morning', { arrival: { receivedAtMs: world.clock.atMs - 3 * 3_600_000 } });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    subscribe();
    vi.advanceTimersByTime(60_000);
    expect(pushed).toEqual([]);
    process.env.TZ = 'Pacific/Kiritimati';
    vi.advanceTimersByTime(60_000);
    expect(pushed.map(({ today }) => today)).toEqual([{}]);
  });

  test('a single change is pushed, with the whole status', () => {
    subscribe();
    world.cells.restartRequired.set(true);
    forward(world.clock, 50);
    expect(pushed.map(({ restartRequired }) => restartRequired)).toEqual([true]);
  });

  test('a thousand changes in ten seconds are at most two pushes a second, and the last one is there', () => {
    subscribe();
    for (let at = 1; at <= 1_000; at += 1) {
      disk(world, at);
      world.clock.forward(10);
      vi.advanceTimersByTime(10);
    }
    forward(world.clock, PUSH_INTERVAL_MS);
    expect(pushed.length).toBeGreaterThan(15);
    expect(pushed.length).toBeLessThanOrEqual(21);
    expect(pushed.at(-1)?.disk.freeBytes).toBe(1_000);
  });

  test('two pushes are never closer than half a second', () => {
    subscribe();
    disk(world, 1);
    forward(world.clock, 50);
    disk(world, 2);
    forward(world.clock, PUSH_INTERVAL_MS - 100);
    expect(pushed).toHaveLength(1);
    forward(world.clock, 100);
    expect(pushed).toHaveLength(2);
  });

  test('a store that can not be read at the moment ends nobody, and is read again', () => {
    const counts = world.store.outbox.counts.bind(world.store.outbox);
    let away = false;
    world.store.outbox.counts = () => {
      if (away) throw ioError();
      return counts();
    };
    subscribe();
    away = true;
    disk(world, 1);
    forward(world.clock, 3 * PUSH_INTERVAL_MS);
    expect(pushed).toEqual([]);
    away = false;
    forward(world.clock, 2_000);
    expect(pushed.map(({ disk: seen }) => seen.freeBytes)).toEqual([1]);
  });

  test('while the store stays as it is, its runs are read once for all who may see the same', async () => {
    const looks = vi.spyOn(world.store.history, 'countByReason');
    subscribe();
    subscribe();
    projection.statusFor(TARO);
    for (let at = 1; at <= 5; at += 1) {
      disk(world, at);
      forward(world.clock, 1_000);
    }
    expect(looks).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
    await endedRun(world.store, 'r1', { arrival: { receivedAtMs: world.clock.atMs } });
    expect(projection.statusFor(TARO).today).toEqual({ DONE: 1 });
  });

  test('what changes nothing that this principal sees is not pushed', () => {
    subscribe();
    world.cells.connection.set({ ...world.cells.connection.value, server: 'nats://other:4222' });
    forward(world.clock, 1_000);
    expect(pushed).toEqual([]);
  });

  test('while nobody is subscribed nothing is pushed, and nothing is even read', () => {
    const subscription = subscribe();
    subscription.end();
    const reads = vi.spyOn(world.ports.outbox, 'counts');
    for (let at = 1; at <= 10; at += 1) disk(world, at);
    forward(world.clock, 2_000);
    expect({ pushed, reads: reads.mock.calls.length, timers: vi.getTimerCount() }).toEqual({
      pushed: [],
      reads: 0,
      timers: 0,
    });
  });

  test('ending a subscription drops the push that was due', () => {
    const subscription = subscribe();
    disk(world, 1);
    subscription.end();
    forward(world.clock, 1_000);
    expect(pushed).toEqual([]);
  });

  test('one subscriber may go while another stays', () => {
    const others: AgentStatus[] = [];
    const first = subscribe();
    projection.subscribe(
      () => TARO,
      (status) => void others.push(status),
    );
    first.end();
    disk(world, 1);
    forward(world.clock, 50);
    expect([pushed.length, others.length]).toEqual([0, 1]);
  });

  test('what a principal may see is looked at again for each push', () => {
    let principal = TARO;
    const subscription = projection.subscribe(
      () => principal,
      (status) => void pushed.push(status),
    );
    principal = { ...TARO, unlockedUntilMs: world.clock.nowMs() + 1_000 };
    subscription.refresh();
    forward(world.clock, 50);
    forward(world.clock, 1_000);
    subscription.refresh();
    forward(world.clock, 500);
    expect(pushed.map(({ connection, helpdesk }) => [connection.server, helpdesk.unlockedUntilMs !== null])).toEqual([
      ['nats://it:4222', true],
      [null, false],
    ]);
  });
});

describe('notices', () => {
  const HELPDESK: Principal = { ...TARO, client: 'cli', isPrivileged: true };
  const QUIET = { forbidden: null, undelivered: null, clock: null, log: null };

  function troubled(): StatusWorld {
    const world = statusWorld(tempDir());
    world.cells.forbidden.set(['kill.*', 'results.r1', 'results.r2']);
    world.cells.undelivered.set({ cause: 'full', why: 'maximum messages exceeded' });
    world.cells.clockStep.set({ byMs: -60_000, atMs: 5 });
    world.cells.logFailure.set({ path: '/var/log/kanade/agent.log', why: 'EACCES' });
    return world;
  }

  test('without troubles there are none', () => {
    expect(new Projection(statusWorld(tempDir()).ports).statusFor(HELPDESK).notices).toEqual(QUIET);
  });

  test('a user is told what is wrong; subjects, paths and reasons are for the helpdesk', () => {
    const projection = new Projection(troubled().ports);
    expect(projection.statusFor(TARO).notices).toEqual({
      forbidden: { minor: false, count: 2, subjects: null },
      undelivered: { cause: 'full', why: null },
      clock: { byMs: -60_000, atMs: 5 },
      log: { path: null, why: null },
    });
    expect(projection.statusFor(HELPDESK).notices).toEqual({
      forbidden: { minor: false, count: 2, subjects: ['kill.*', 'results.>'] },
      undelivered: { cause: 'full', why: 'maximum messages exceeded' },
      clock: { byMs: -60_000, atMs: 5 },
      log: { path: '/var/log/kanade/agent.log', why: 'EACCES' },
    });
  });

  test('of many subjects the helpdesk gets the first twenty and how many there are', () => {
    const world = statusWorld(tempDir());
    world.cells.forbidden.set(Array.from({ length: 45 }, (_each, at) => `commands.group.${at}`));
    const { forbidden } = new Projection(world.ports).statusFor(HELPDESK).notices;
    expect([forbidden?.count, forbidden?.subjects?.length]).toEqual([45, 20]);
  });

  test('the inventory alone is minor: a fleet may never let it through', () => {
    const world = statusWorld(tempDir());
    world.cells.forbidden.set(['inventory.PC-1.hw']);
    const projection = new Projection(world.ports);
    expect(projection.statusFor(TARO).notices.forbidden).toMatchObject({ minor: true });
    world.cells.forbidden.set(['inventory.PC-1.hw', 'kill.*']);
    expect(projection.statusFor(TARO).notices.forbidden).toMatchObject({ minor: false });
  });

  test('each one is pushed when it comes and when it goes', async () => {
    const world = statusWorld(tempDir());
    const pushed: AgentStatus['notices'][] = [];
    const subscription = new Projection(world.ports).subscribe(
      () => TARO,
      ({ notices }) => void pushed.push(notices),
    );
    const { forbidden, undelivered, clockStep, logFailure } = world.cells;
    const steps: readonly [keyof AgentStatus['notices'], () => void, () => void][] = [
      ['forbidden', () => forbidden.set(['kill.*']), () => forbidden.set([])],
      ['undelivered', () => undelivered.set({ cause: 'full', why: 'x' }), () => undelivered.set(null)],
      ['clock', () => clockStep.set({ byMs: 60_000, atMs: 5 }), () => clockStep.set(null)],
      ['log', () => logFailure.set({ path: 'p', why: 'w' }), () => logFailure.set(null)],
    ];
    for (const [name, comes, goes] of steps) {
      world.clock.forward(PUSH_INTERVAL_MS);
      comes();
      await eventually(() => expect(pushed.at(-1)?.[name]).toEqual(expect.anything()));
      world.clock.forward(PUSH_INTERVAL_MS);
      goes();
      await eventually(() => expect(pushed.at(-1)).toEqual(QUIET));
    }
    subscription.end();
  });
});

describe('runs in the status', () => {
  test('a commit of the store is a change', async () => {
    const world = statusWorld(tempDir());
    const pushed: AgentStatus[] = [];
    const projection = new Projection(world.ports);
    const subscription = projection.subscribe(
      () => TARO,
      (status) => void pushed.push(status),
    );
    await endedRun(world.store, 'r1', { arrival: { receivedAtMs: world.clock.atMs } });
    await eventually(() => expect(pushed.map(({ outbox }) => outbox.waiting)).toContain(1));
    subscription.end();
  });

  test('what runs and what waits, each with its name, and never those of somebody else', async () => {
    const world = statusWorld(tempDir());
    const { runs } = world.store;
    const admit = async (id: string, more = {}) => {
      const admission = await runs.admit(arrival(id, id, { manifestId: id, ...more }));
      return admission.kind === 'admitted' ? admission.run : runIdOf(0);
    };
    const [jitter, running, taros, hanakos] = [
      await admit('in-jitter'),
      await admit('running-one'),
      await admit('of-taro', { runAs: 'user' }),
      await admit('of-hanako', { runAs: 'user' }),
    ];
    await runs.advance(jitter, 'waiting_jitter', { kind: 'jitter', askedMs: 5_000, notBeforeMs: 5_000 });
    for (const [run, runAsUser] of [
      [running, null],
      [taros, '1000'],
      [hanakos, '1001'],
    ] as const) {
      await runs.start(run, { startedAtMs: 4_000, runAsUser, facts: null, event: null });
    }
    const { now } = new Projection(world.ports).statusFor(TARO);
    const text = (rows: AgentStatus['now']['waiting']) => rows.map(({ title }) => title.kind === 'text' && title.text);
    expect([text(now.running), text(now.waiting), now.waitingCount]).toEqual([
      ['running one', 'of taro'],
      ['in jitter'],
      1,
    ]);
    expect(now.waiting[0]).toMatchObject({ state: 'waiting_jitter', notBeforeMs: 5_000, timeoutSecs: 30 });
    expect(now.running.map(({ asUser }) => asUser)).toEqual([false, true]);
  });

  test('a thousand that wait are counted, and the first of them shown', async () => {
    const world = statusWorld(tempDir());
    await Promise.all(Array.from({ length: 1_000 }, (_each, at) => world.store.runs.admit(arrival(`r${at}`))));
    const { now } = new Projection(world.ports).statusFor(TARO);
    expect([now.waitingCount, now.waiting.length, now.waiting[0]?.run]).toEqual([1_000, 50, 1]);
  });

  test('today counts from midnight of this PC, by reason', async () => {
    const world = statusWorld(tempDir());
    const midnight = new Date(world.clock.nowMs()).setHours(0, 0, 0, 0);
    const at = (receivedAtMs: number) => ({ arrival: { receivedAtMs } });
    await endedRun(world.store, 'yesterday', at(midnight - 1));
    await endedRun(world.store, 'r1', at(midnight));
    await endedRun(world.store, 'r2', at(midnight + 1));
    await endedRun(world.store, 'r3', { ...at(midnight + 2), ending: { reason: 'FAILED', exitCode: 5 } });
    expect(new Projection(world.ports).statusFor(TARO).today).toEqual({ DONE: 2, FAILED: 1 });
  });
});
