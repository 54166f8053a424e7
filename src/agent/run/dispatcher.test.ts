import { describe, expect, test, vi } from 'vitest';
import { commandJson } from '../../../test/support/commands.ts';
import { admitCommand, dispatching } from '../../../test/support/dispatching.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { requestIdOf } from '../../../test/support/ids.ts';
import { ShiftedClock } from '../../../test/support/shifted-clock.ts';
import { arrival, storeOptions } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { ioError, unreadable } from '../../../test/support/unreadable.ts';
import { systemClock } from '../../base/clock.ts';
import { Store } from '../store/store.ts';
import { endOlderCopy, recover } from './recovery.ts';

const never = new AbortController().signal;
const MINUTE_MS = 60_000;

const results = (store: Store) =>
  store.outbox
    .waiting(true, 100)
    .map(({ body }) => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>);

test('a command runs and ends in one result that carries its ids', async () => {
  const { store, scripts, dispatcher } = dispatching();
  scripts.autoExit = 0;
  const run = await admitCommand(store, 'r1', { exec_id: 'e1' });
  dispatcher.start();
  await dispatcher.idle();
  expect(store.history.get(run)).toMatchObject({ state: 'finished', reason: 'DONE', exitCode: 0 });
  expect(results(store)).toMatchObject([
    { request_id: 'r1', exec_id: 'e1', pc_id: 'PC-1', exit_code: 0, manifest_id: 'job-1', skipped: false },
  ]);
  expect(results(store)[0]?.result_id).toBe(store.history.get(run)?.resultId);
});

test.each([
  ['its command', /SELECT body FROM commands/],
  ['how long it has waited', /SELECT until_up FROM waits WHERE run/],
])('a page with %s that the disk does not give for a moment is no answer to anybody', async (_name, sql) => {
  const disk = unreadable(sql);
  const { store, scripts, dispatcher } = dispatching();
  scripts.autoExit = 0;
  const run = await admitCommand(store, 'r1');
  dispatcher.start();
  await eventually(() => expect(disk.errors).toBeGreaterThan(1));
  expect([scripts.started, results(store)]).toEqual([[], []]);
  disk.away = false;
  await eventually(() => expect(store.history.get(run)).toMatchObject({ state: 'finished', reason: 'DONE' }));
  expect(scripts.started).toHaveLength(1);
});

test('one that waits for the disk is killed, and left as it is by our own stop, like any other', async () => {
  const disk = unreadable(/SELECT body FROM commands/);
  const { store, dispatcher } = dispatching();
  const killed = await admitCommand(store, 'r1', { exec_id: 'e1' });
  const left = await admitCommand(store, 'r2');
  dispatcher.start();
  await eventually(() => expect(disk.errors).toBeGreaterThan(1));
  await dispatcher.kill('e1');
  await eventually(() => expect(store.history.get(killed)).toMatchObject({ reason: 'KILLED_WAITING' }));
  await dispatcher.stop(0);
  expect(store.history.get(left)).toMatchObject({ state: 'admitted' });
});

test.each(['admitted', 'waiting_slot'])(
  'one row that is %s and can not be read holds up nobody else',
  async (state) => {
    const { store, scripts, dispatcher } = dispatching({ parallel: 1 });
    scripts.autoExit = 0;
    const unread = await admitCommand(store, 'r1');
    const next = await admitCommand(store, 'r2');
    if (state === 'waiting_slot') for (const run of [unread, next]) await store.runs.advance(run, 'waiting_slot');
    const get = store.inbox.get.bind(store.inbox);
    let away = true;
    store.inbox.get = (run) => {
      if (away && run === unread) throw ioError();
      return get(run);
    };
    dispatcher.start();
    await eventually(() => expect(store.history.get(next)).toMatchObject({ reason: 'DONE' }));
    expect(store.history.get(unread)).toMatchObject({ state });
    away = false;
    await eventually(() => expect(store.history.get(unread)).toMatchObject({ reason: 'DONE' }));
  },
);

test('the start is on disk before anything of the script exists', async () => {
  const { store, scripts, dispatcher } = dispatching();
  const states: (string | undefined)[] = [];
  const start = scripts.start.bind(scripts);
  scripts.start = (spec) => {
    states.push(store.inbox.open(1)[0]?.state);
    return start(spec);
  };
  scripts.autoExit = 0;
  await admitCommand(store, 'r1');
  dispatcher.start();
  await dispatcher.idle();
  expect(states).toEqual(['running']);
});

test('a nudge that finds nothing new starts nothing twice', async () => {
  const { store, scripts, dispatcher } = dispatching();
  await admitCommand(store, 'r1');
  for (let i = 0; i < 5; i++) dispatcher.start();
  await eventually(() => expect(scripts.started).toHaveLength(1));
  scripts.started[0]?.exit(0);
  await dispatcher.idle();
  dispatcher.start();
  expect(scripts.started).toHaveLength(1);
});

test('while it is held nothing new begins, and what runs goes on; then all that came meanwhile runs', async () => {
  const { store, scripts, dispatcher } = dispatching();
  const first = await admitCommand(store, 'r1');
  dispatcher.start();
  await eventually(() => expect(scripts.started).toHaveLength(1));
  dispatcher.hold(true);
  expect(dispatcher.isIdle).toBe(false);
  const second = await admitCommand(store, 'r2');
  dispatcher.nudge();
  scripts.autoExit = 0;
  scripts.started[0]?.exit(0);
  await dispatcher.idle();
  expect(dispatcher.isIdle).toBe(true);
  expect([store.history.get(first)?.state, store.history.get(second)?.state]).toEqual(['finished', 'admitted']);
  dispatcher.hold(false);
  await dispatcher.idle();
  expect(store.history.get(second)).toMatchObject({ state: 'finished', reason: 'DONE' });
});

test('while it is held what is killed in its row is answered, and nothing else is touched', async () => {
  const { store, scripts, dispatcher } = dispatching();
  dispatcher.start();
  await dispatcher.idle();
  dispatcher.hold(true);
  const killed = await admitCommand(store, 'r1', { exec_id: 'e1' });
  const left = await admitCommand(store, 'r2', { exec_id: 'e2' });
  dispatcher.nudge();
  await dispatcher.kill('e1');
  await eventually(() => expect(store.history.get(killed)).toMatchObject({ reason: 'KILLED_WAITING' }));
  await dispatcher.idle();
  // Born killed, since its kill came first.
  const late = await admitCommand(store, 'r3', { exec_id: 'e1' });
  dispatcher.nudge();
  await eventually(() => expect(store.history.get(late)).toMatchObject({ reason: 'KILLED_WAITING' }));
  expect(results(store)).toMatchObject([{ request_id: 'r1' }, { request_id: 'r3' }]);
  expect([scripts.started, store.history.get(left)?.state]).toEqual([[], 'admitted']);
});

test('no more scripts run at once than there are slots, in order of arrival; a stuck one holds only its own', async () => {
  const { store, scripts, dispatcher } = dispatching({ parallel: 2 });
  for (const id of ['r1', 'r2', 'r3', 'r4']) await admitCommand(store, id, { script: id });
  dispatcher.start();
  await eventually(() => expect(scripts.started).toHaveLength(2));
  expect(store.inbox.open(10).map(({ state }) => state)).toEqual([
    'running',
    'running',
    'waiting_slot',
    'waiting_slot',
  ]);
  scripts.started[1]?.exit(0);
  await eventually(() => expect(scripts.started).toHaveLength(3));
  scripts.started[2]?.exit(0);
  await eventually(() => expect(scripts.started).toHaveLength(4));
  expect(scripts.started.map(({ spec }) => spec.script)).toEqual(['r1', 'r2', 'r3', 'r4']);
  await dispatcher.stop(0);
});

describe('the version pin', () => {
  test('is read again before it is believed: the backend pins after it publishes (D5)', async () => {
    const { store, bus, scripts, dispatcher } = dispatching();
    scripts.autoExit = 0;
    bus.setKv('script_current', 'job-1', '0.9.0');
    let reads = 0;
    bus.onKvGet = (bucket) => {
      if (bucket === 'script_current' && ++reads === 2) bus.setKv('script_current', 'job-1', '1.0.0', 2);
    };
    const run = await admitCommand(store, 'r1');
    // Longer than the time for which reads are shared.
    const { dispatcher: patient } = dispatching({ store, bus, scripts, pinRereadMs: [80, 80] });
    patient.start();
    await patient.idle();
    expect(store.history.get(run)?.reason).toBe('DONE');
    await dispatcher.stop(0);
  });

  test('is not asked for what a schedule of this PC has fired: its job is the pin (D27); a withdrawal is', async () => {
    const { store, bus, scripts, dispatcher } = dispatching();
    scripts.autoExit = 0;
    bus.setKv('script_current', 'job-1', '9.9.9');
    bus.setKv('script_status', 'job-2', 'REVOKED');
    const fire = async (requestId: string, id: string) => {
      const body = commandJson(requestId, { id });
      const what = { ...arrival(requestId, body, { source: 'schedule' }), requestId: requestIdOf(requestId) };
      const admission = await store.runs.admitFire(what, { scheduleId: 's', boot: null });
      if (admission.kind !== 'admitted') throw new Error(admission.kind);
      dispatcher.nudge();
      await dispatcher.idle();
      return store.history.get(admission.run);
    };
    dispatcher.start();
    expect(await fire('r1', 'job-1')).toMatchObject({ reason: 'DONE' });
    expect(await fire('r2', 'job-2')).toMatchObject({ reason: 'REVOKED', exitCode: 126 });
  });

  test('refuses with 124, holds no slot while it is read again, and stays local where it is configured so', async () => {
    const { store, bus, scripts, dispatcher } = dispatching({
      parallel: 1,
      pinRereadMs: [20, 20],
      publishPinSkips: false,
    });
    bus.setKv('script_current', 'old', '2.0.0');
    await admitCommand(store, 'r1', { id: 'old' });
    await admitCommand(store, 'r2');
    dispatcher.start();
    await eventually(() => expect(scripts.started).toHaveLength(1));
    scripts.started[0]?.exit(0);
    await dispatcher.idle();
    expect(
      store.history.list({}, Number.POSITIVE_INFINITY, 9).map(({ reason, exitCode }) => [reason, exitCode]),
    ).toEqual([
      ['DONE', 0],
      ['VERSION_PIN', 124],
    ]);
    expect(results(store).map(({ request_id }) => request_id)).toEqual(['r2']);
  });
});

describe('kill', () => {
  test('of a running script ends it', async () => {
    const { store, scripts, dispatcher } = dispatching();
    const run = await admitCommand(store, 'r1', { exec_id: 'e1' });
    dispatcher.start();
    await eventually(() => expect(scripts.started).toHaveLength(1));
    await dispatcher.kill('e1');
    await dispatcher.idle();
    expect(scripts.started[0]?.endedBy).toBe('killed');
    expect(store.history.get(run)?.reason).toBe('KILLED');
    expect(results(store)[0]).toMatchObject({ exit_code: -1, stderr: 'killed by remote signal (kill.e1)' });
  });

  test.each([
    ['in its jitter', { jitter_secs: 600 }, 1],
    ['in the queue', {}, 0],
  ])('of a command %s ends it before anything ran', async (_where, more, parallel) => {
    const { store, scripts, dispatcher } = dispatching({ parallel });
    const run = await admitCommand(store, 'r1', { exec_id: 'e1', ...more });
    dispatcher.start();
    await eventually(() => expect(store.inbox.open(1)[0]?.state).toMatch(/waiting/));
    await dispatcher.kill('e1');
    await dispatcher.idle();
    expect(scripts.started).toEqual([]);
    expect(store.history.get(run)).toMatchObject({ reason: 'KILLED_WAITING', exitCode: -1, startedAtMs: null });
  });

  test('that comes before the dispatcher has seen the command is not lost', async () => {
    const { store, scripts, dispatcher } = dispatching();
    const run = await admitCommand(store, 'r1', { exec_id: 'e1' });
    await dispatcher.kill('e1');
    dispatcher.start();
    await dispatcher.idle();
    expect(scripts.started).toEqual([]);
    expect(store.history.get(run)?.reason).toBe('KILLED_WAITING');
  });

  test('that comes before its command was admitted ends it when it comes', async () => {
    const { store, scripts, dispatcher } = dispatching();
    dispatcher.start();
    await dispatcher.kill('e1');
    const run = await admitCommand(store, 'r1', { exec_id: 'e1' });
    dispatcher.nudge();
    await eventually(() => expect(store.history.get(run)?.reason).toBe('KILLED_WAITING'));
    expect(scripts.started).toEqual([]);
  });

  test('that is not recorded yet ends what comes meanwhile', async () => {
    const { store, scripts, dispatcher } = dispatching();
    dispatcher.start();
    vi.spyOn(store.kills, 'record').mockRejectedValue(new Error('database or disk is full'));
    void dispatcher.kill('e1').catch(() => {});
    const run = await admitCommand(store, 'r1', { exec_id: 'e1' });
    dispatcher.nudge();
    await eventually(() => expect(store.history.get(run)?.reason).toBe('KILLED_WAITING'));
    expect([scripts.started, dispatcher.unrecordedKills]).toEqual([[], ['e1']]);
  });

  test('that a stand-in for the store was told is for the next one', async () => {
    const store = Store.unusable(storeOptions(tempDir()), 'read_only');
    const { dispatcher } = dispatching({ store });
    await dispatcher.kill('e1');
    expect(dispatcher.unrecordedKills).toEqual(['e1']);
  });

  test('that can not be recorded yet is recorded as soon as the store takes it', async () => {
    const { store, scripts, dispatcher } = dispatching();
    dispatcher.start();
    const record = store.kills.record.bind(store.kills);
    let refused = 0;
    store.kills.record = async (...args) => {
      if (refused++ === 0) throw new Error('database or disk is full');
      return record(...args);
    };
    const killed = dispatcher.kill('e1');
    await killed;
    const run = await admitCommand(store, 'r1', { exec_id: 'e1' });
    dispatcher.nudge();
    await eventually(() => expect(store.history.get(run)?.reason).toBe('KILLED_WAITING'));
    expect(scripts.started).toEqual([]);
  });

  test('of another execution touches nothing', async () => {
    const { store, scripts, dispatcher } = dispatching();
    await admitCommand(store, 'r1', { exec_id: 'e1' });
    dispatcher.start();
    await eventually(() => expect(scripts.started).toHaveLength(1));
    await dispatcher.kill('e2');
    expect(scripts.started[0]?.endedBy).toBeNull();
    await dispatcher.stop(0);
  });
});

describe('right before the spawn the world is looked at again (D23)', () => {
  test.each([
    ['revoked while it waited', 'REVOKED'],
    ['past its deadline', 'DEADLINE'],
  ])('%s', async (_name, reason) => {
    const clock = new ShiftedClock();
    const { store, bus, scripts, dispatcher } = dispatching({ parallel: 1, clock });
    await admitCommand(store, 'blocker');
    const deadline = reason === 'DEADLINE' ? { deadline_at: new Date(Date.now() + MINUTE_MS).toISOString() } : {};
    const run = await admitCommand(store, 'r2', { id: 'job-2', ...deadline });
    dispatcher.start();
    await eventually(() => expect(store.inbox.open(9)[1]?.state).toBe('waiting_slot'));
    if (reason === 'REVOKED') bus.setKv('script_status', 'job-2', 'REVOKED');
    // Past the deadline, and past the time for which what was read of the fleet is shared.
    clock.passedMs += 2 * MINUTE_MS;
    scripts.started[0]?.exit(0);
    await dispatcher.idle();
    expect(scripts.started).toHaveLength(1);
    expect(store.history.get(run)?.reason).toBe(reason);
  });
});

test('a script that fails is not run again after its last moment to start', async () => {
  const { store, scripts, dispatcher } = dispatching();
  scripts.autoExit = 1;
  const deadline = new Date(Date.now() + 60_000).toISOString();
  const run = await admitCommand(store, 'r1', { deadline_at: deadline, retry: { max: 3, backoff_secs: 3_600 } });
  dispatcher.start();
  await dispatcher.idle();
  expect(scripts.started).toHaveLength(1);
  expect(store.history.get(run)).toMatchObject({ reason: 'FAILED', exitCode: 1 });
});

describe('after an interruption', () => {
  test('what ran is ended and answered 121, never run again; what waited runs', async () => {
    const directory = tempDir();
    const first = dispatching({ directory });
    const ran = await admitCommand(first.store, 'r1');
    first.dispatcher.start();
    await eventually(() => expect(first.scripts.started).toHaveLength(1));
    const waited = await admitCommand(first.store, 'r2');
    await first.store.close();

    const { store, scripts, dispatcher, recovery } = dispatching({ directory });
    scripts.autoExit = 0;
    await recover(recovery, never);
    dispatcher.start();
    await dispatcher.idle();
    const interrupted = store.history.get(ran);
    expect(interrupted).toMatchObject({ reason: 'INTERRUPTED', exitCode: 121 });
    expect(scripts.leftovers).toEqual([interrupted?.resultId]);
    expect(store.history.get(waited)?.reason).toBe('DONE');
    expect(scripts.started).toHaveLength(1);
    expect(results(store)[0]).toMatchObject({
      exit_code: 121,
      skipped: false,
      stderr: 'agent restarted during execution; outcome unknown (the command is not relaunched automatically)',
    });
  });

  test('nothing is dispatched before it is settled, and what could not be written is tried again', async () => {
    const directory = tempDir();
    const first = dispatching({ directory });
    const ran = await admitCommand(first.store, 'r1');
    first.dispatcher.start();
    await eventually(() => expect(first.scripts.started).toHaveLength(1));
    await first.store.close();
    const { store, scripts, recovery } = dispatching({ directory });
    const finish = store.runs.finish.bind(store.runs);
    let full = true;
    const refuse = vi.fn(() => Promise.reject(new Error('disk is full')));
    store.runs.finish = (run, ending) => (full ? refuse() : finish(run, ending));
    let recovered = false;
    const recovering = recover(recovery, never).then(() => {
      recovered = true;
    });
    await eventually(() => expect(scripts.leftovers).toHaveLength(1));
    await eventually(() => expect(refuse.mock.calls.length).toBeGreaterThan(1));
    expect(recovered).toBe(false);
    full = false;
    await recovering;
    expect(store.history.get(ran)?.reason).toBe('INTERRUPTED');
  });

  test('nothing of an old copy of the store is run', async () => {
    const directory = tempDir();
    const first = dispatching({ directory });
    const run = await admitCommand(first.store, 'r1');
    await first.store.close();
    const { store, scripts, dispatcher, recovery } = dispatching({ directory });
    await endOlderCopy(recovery, run, never);
    dispatcher.start();
    await dispatcher.idle();
    expect(scripts.started).toEqual([]);
    expect(store.history.get(run)?.reason).toBe('INTERRUPTED');
  });

  test('the jitter goes on from its first moment', async () => {
    const directory = tempDir();
    const first = dispatching({ directory });
    await admitCommand(first.store, 'r1', { jitter_secs: 100_000 });
    first.dispatcher.start();
    await eventually(() => expect(first.store.inbox.open(1)[0]?.state).toBe('waiting_jitter'));
    const drawn = first.store.inbox.open(1)[0]?.notBeforeMs;
    await first.dispatcher.stop(0);
    await first.store.close();
    const second = dispatching({ directory });
    await recover(second.recovery, never);
    second.dispatcher.start();
    await second.dispatcher.idle();
    expect(second.store.inbox.open(1)).toMatchObject([{ state: 'waiting_jitter', notBeforeMs: drawn }]);
    await second.dispatcher.stop(0);
  });
});

describe('our own stop', () => {
  test('ends running scripts with a stored result and leaves what waits admitted', async () => {
    const { store, scripts, dispatcher } = dispatching({ parallel: 1 });
    const running = await admitCommand(store, 'r1');
    const waiting = await admitCommand(store, 'r2');
    dispatcher.start();
    await eventually(() => expect(scripts.started).toHaveLength(1));
    await dispatcher.stop(10);
    expect(scripts.started[0]?.endedBy).toBe('stopped');
    expect(store.history.get(running)).toMatchObject({ reason: 'AGENT_STOPPED', exitCode: -1 });
    expect(store.history.get(waiting)?.state).not.toBe('finished');
    expect(results(store)).toMatchObject([{ request_id: 'r1', stderr: 'stopped: the agent is shutting down' }]);
  });

  test('lets a script that ends within the grace end by itself', async () => {
    const { store, scripts, dispatcher } = dispatching();
    const run = await admitCommand(store, 'r1');
    dispatcher.start();
    await eventually(() => expect(scripts.started).toHaveLength(1));
    const stopped = dispatcher.stop(10_000);
    scripts.started[0]?.exit(3);
    await stopped;
    expect(store.history.get(run)).toMatchObject({ reason: 'FAILED', exitCode: 3 });
  });
});

describe('run_as user', () => {
  test('waits until somebody signs in, and the row says who', async () => {
    const { store, scripts, dispatcher } = dispatching();
    scripts.user = { kind: 'no_user' };
    scripts.autoExit = 0;
    const run = await admitCommand(store, 'r1', { run_as: 'user' });
    dispatcher.start();
    await eventually(() => expect(store.inbox.open(1)[0]?.state).toBe('waiting_user'));
    scripts.signIn('taro');
    await eventually(() => expect(store.history.get(run)?.state).toBe('finished'));
    expect(store.history.get(run)).toMatchObject({ reason: 'DONE', runAsUser: 'taro' });
  });

  test('ends without a run when nobody came in time', async () => {
    const { store, scripts, dispatcher } = dispatching();
    scripts.user = { kind: 'no_user' };
    const run = await admitCommand(store, 'r1', { run_as: 'user', timeout_secs: 1 });
    dispatcher.start();
    await eventually(() => expect(store.history.get(run)?.state).toBe('finished'));
    expect(store.history.get(run)).toMatchObject({ reason: 'NO_USER', exitCode: -1 });
  });

  test('is answered at its deadline, whatever the clock said when it came', async () => {
    let stepMs = -10 * 365 * 86_400_000;
    const clock = {
      ...systemClock,
      nowMs: () => Date.now() + stepMs,
      nowNs: () => BigInt(Date.now() + stepMs) * 1_000_000n,
    };
    const { store, scripts, dispatcher } = dispatching({ clock });
    scripts.user = { kind: 'no_user' };
    const deadline = new Date(Date.now() - 1_000).toISOString();
    const run = await admitCommand(store, 'r1', { run_as: 'user', deadline_at: deadline });
    dispatcher.start();
    await eventually(() => expect(store.inbox.get(run)?.state).toBe('waiting_user'));
    // Not for ten years.
    expect(store.waits.leftMs(run, 'user')).toBeLessThanOrEqual(15 * 60_000);
    stepMs = 0;
    vi.spyOn(store.waits, 'due').mockImplementation((kind) => (kind === 'user' ? [run] : []));
    dispatcher.start();
    await eventually(() => expect(store.history.get(run)).toMatchObject({ reason: 'NO_USER', exitCode: -1 }));
  });

  test('is not behind any number of runs that wait for another account', async () => {
    const { store, scripts, dispatcher } = dispatching();
    scripts.user = { kind: 'no_user' };
    scripts.autoExit = 0;
    const waiting = Array.from({ length: 600 }, (_, i) => admitCommand(store, `r${i}`, { run_as: 'user' }));
    await Promise.all(waiting);
    const run = await admitCommand(store, 'gui', { run_as: 'system_gui' });
    dispatcher.start();
    await eventually(() => expect(store.inbox.inState('waiting_user', 999)).toHaveLength(601));
    vi.spyOn(scripts, 'availability').mockImplementation((...[runAs]: unknown[]) =>
      runAs === 'system_gui' ? { kind: 'ready', user: null } : { kind: 'no_user' },
    );
    scripts.signIn('taro');
    await eventually(() => expect(store.history.get(run)?.reason).toBe('DONE'));
  });

  test('waits no longer in all on a PC that is started again and again', async () => {
    const directory = tempDir();
    const clock = new ShiftedClock();
    const timeoutMs = 4 * MINUTE_MS;
    let here = dispatching({ directory, clock });
    const run = await admitCommand(here.store, 'r1', { run_as: 'user', timeout_secs: timeoutMs / 1_000 });
    for (let restart = 0; restart < 4; restart++) {
      here.scripts.user = { kind: 'no_user' };
      here.dispatcher.start();
      await here.dispatcher.idle();
      expect(here.store.inbox.get(run)?.state).toBe('waiting_user');
      expect(here.store.waits.leftMs(run, 'user')).toBeLessThanOrEqual(timeoutMs - restart * MINUTE_MS);
      clock.passedMs += MINUTE_MS;
      await here.dispatcher.stop(0);
      await here.store.close();
      here = dispatching({ directory, clock });
      await recover(here.recovery, never);
    }
    here.scripts.user = { kind: 'no_user' };
    here.dispatcher.start();
    await here.dispatcher.idle();
    expect(here.store.history.get(run)?.reason).toBe('NO_USER');
  });

  test('that can not be done here is 122', async () => {
    const { store, scripts, dispatcher } = dispatching();
    scripts.user = { kind: 'unsupported', why: 'skipped: not here' };
    const run = await admitCommand(store, 'r1', { run_as: 'system_gui' });
    dispatcher.start();
    await dispatcher.idle();
    expect(store.history.get(run)).toMatchObject({ reason: 'UNSUPPORTED', exitCode: 122 });
    expect(results(store)[0]).toMatchObject({ exit_code: 122, skipped: true, stderr: 'skipped: not here' });
  });
});

test('a run that was admitted after all history was pruned is run like any other', async () => {
  const { store, scripts, dispatcher } = dispatching();
  scripts.autoExit = 0;
  dispatcher.start();
  for (const id of ['r1', 'r2', 'r3']) {
    const run = await admitCommand(store, id);
    dispatcher.nudge();
    await eventually(() => expect(store.history.get(run)?.state).toBe('finished'));
    for (const row of store.outbox.waiting(true, 10)) await store.outbox.delivered(row, 1);
    while (store.history.count({}) > 0) {
      store.maintenance.hasRoom = () => false;
      await store.maintenance.makeRoom();
    }
  }
  expect(scripts.started).toHaveLength(3);
});

test('a wait that ends while the others are looked at is not overlooked', async () => {
  const upMs = systemClock.upMs();
  let passedMs = 0;
  // Each look at the clock finds it a little later, as on a busy PC.
  const later = () => {
    passedMs += 1;
    return upMs + passedMs;
  };
  const clock = { ...systemClock, upMs: later };
  const { store, scripts, dispatcher } = dispatching({ clock });
  scripts.autoExit = 0;
  const count = 40;
  const runs = await Promise.all(Array.from({ length: count }, (_, index) => admitCommand(store, `r${index}`)));
  for (const [index, run] of runs.entries()) {
    await store.runs.advance(run, 'waiting_jitter', { kind: 'jitter', askedMs: 20 + index * 3 });
  }
  dispatcher.start();
  await eventually(() => expect(store.inbox.open(1)).toEqual([]));
  await dispatcher.stop(0);
});

test('very many that wait are rows, not objects, and each still ends in its one result', async () => {
  const { store, scripts, dispatcher } = dispatching({ parallel: 8 });
  const count = 3_000;
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      admitCommand(store, `r${index}`, index % 3 === 0 ? { jitter_secs: 2 } : {}),
    ),
  );
  dispatcher.start();
  await eventually(() => expect(store.inbox.inState('admitted', 1)).toEqual([]));
  await eventually(() => expect(scripts.started).toHaveLength(8));
  scripts.autoExit = 0;
  for (const script of scripts.started) script.exit(0);
  await eventually(() => expect(store.inbox.open(1)).toEqual([]));
  expect(store.outbox.counts().waiting).toBe(count);
  expect(new Set(scripts.started.map(({ spec }) => spec.marker)).size).toBe(count);
});

test('a stored command that can not be read any more still ends in one result', async () => {
  const { store, scripts, dispatcher } = dispatching();
  const admission = await store.runs.admit(arrival('r1', 'not a command'));
  if (admission.kind !== 'admitted') throw new Error(admission.kind);
  dispatcher.start();
  await dispatcher.idle();
  expect(scripts.started).toEqual([]);
  expect(store.history.get(admission.run)?.reason).toBe('START_FAILED');
  expect(results(store)).toHaveLength(1);
});
