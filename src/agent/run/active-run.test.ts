import { hash } from 'node:crypto';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { admitCommand } from '../../../test/support/dispatching.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { refusesOnce, takingUp } from '../../../test/support/taking-up.ts';
import { ioError } from '../../../test/support/unreadable.ts';
import type { ObjectRead } from '../bus/bus.ts';

const SCRIPT_OBJECT = { script: '', script_object: 'a/1', script_object_sha256: hash('sha256', 'echo 1') };
const ITS_TEXT: ObjectRead = { kind: 'value', body: Buffer.from('echo 1') };
const AWAY: ObjectRead = { kind: 'failed', why: 'no responders', mayPass: true };
const DAY_MS = 86_400_000;

describe('a run that has to wait for nothing', () => {
  test('goes to the end of its script, with the start and its event on disk before anything of that exists', async () => {
    const onQueued = vi.fn();
    const { store, scripts, takeUp } = takingUp({ onQueued });
    const run = await admitCommand(store, 'r1', { exec_id: 'e1', script: 'echo 1' });
    const { active, slot } = takeUp(run);
    const { resultId } = active.open;
    const onDisk: unknown[] = [];
    const start = scripts.start.bind(scripts);
    scripts.start = (spec) => {
      onDisk.push(store.inbox.get(run)?.state, store.outbox.seqOf('started', resultId) !== undefined);
      return start(spec);
    };
    const step = active.step();
    await eventually(() => expect(active.runs).toBe(true));
    expect([active.holdsSlot, slot.held, onQueued.mock.calls.length]).toEqual([true, 1, 1]);
    scripts.started[0]?.exit(3);
    expect(await step).toMatchObject({ reason: 'FAILED', exitCode: 3 });
    expect(onDisk).toEqual(['running', true]);
    expect(scripts.started.map(({ spec }) => spec)).toMatchObject([{ script: 'echo 1', marker: resultId }]);
    expect([active.holdsSlot, slot.held]).toEqual([false, 0]);
  });

  test('has no started event where the fleet has not named its execution', async () => {
    const onQueued = vi.fn();
    const { store, scripts, takeUp } = takingUp({ onQueued });
    scripts.autoExit = 0;
    const { active } = takeUp(await admitCommand(store, 'r1'));
    expect(await active.step()).toMatchObject({ reason: 'DONE' });
    expect(store.outbox.waiting(false, 9)).toEqual([]);
    expect(onQueued).not.toHaveBeenCalled();
  });

  test('that runs beside the slots asks for none', async () => {
    const { store, scripts, takeUp } = takingUp();
    scripts.autoExit = 0;
    const run = await admitCommand(store, 'r1', { bypass_local_limit: true });
    const { active, slot } = takeUp(run, { offer: 'none', isFree: false });
    expect(await active.step()).toMatchObject({ reason: 'DONE' });
    expect([slot.asked, slot.held]).toEqual([0, 0]);
  });

  test('that has ended meanwhile is not started', async () => {
    const { store, scripts, takeUp } = takingUp();
    const { active, slot } = takeUp(await admitCommand(store, 'r1'));
    store.runs.start = async () => false;
    expect(await active.step()).toBe('deferred');
    expect([scripts.started, slot.held]).toEqual([[], 0]);
  });

  test('has its process noted for the next start while it runs', async () => {
    const { store, scripts, takeUp } = takingUp();
    const run = await admitCommand(store, 'r1');
    const step = takeUp(run).active.step();
    await eventually(() => expect(store.inbox.get(run)).toMatchObject({ pid: 4_001, pidStart: '77' }));
    scripts.started[0]?.exit(0);
    await step;
  });

  test('leaves no timer for the note of a process that has ended', async () => {
    const { store, scripts, takeUp } = takingUp();
    scripts.autoExit = 0;
    const { active } = takeUp(await admitCommand(store, 'r1'));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    await active.step();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a run that has to wait notes it in its row, and nothing of it stays', () => {
  test('for its jitter, which goes on where it was', async () => {
    const { store, scripts, takeUp, time } = takingUp();
    scripts.autoExit = 0;
    const run = await admitCommand(store, 'r1', { jitter_secs: 1_000_000_000 });
    const first = takeUp(run, { offer: 'none' });
    expect(await first.active.step()).toBe('deferred');
    expect([first.active.waits, first.slot.held, store.inbox.get(run)?.state]).toEqual([true, 0, 'waiting_jitter']);
    const drawn = store.waits.span(run, 'jitter')?.askedMs;
    // As after a restart: back at the gates, long before it is over.
    await store.inbox.requeue(9);
    expect(await takeUp(run, { offer: 'none' }).active.step()).toBe('deferred');
    expect([store.inbox.get(run)?.state, store.waits.span(run, 'jitter')?.askedMs]).toEqual(['waiting_jitter', drawn]);
    time.passedMs += 1_000_000_000_000;
    expect(await takeUp(run).active.step()).toMatchObject({ reason: 'DONE' });
  });

  test('for somebody to sign in, and says then as whom it ran', async () => {
    const { store, scripts, takeUp } = takingUp();
    scripts.autoExit = 0;
    scripts.user = { kind: 'no_user' };
    const run = await admitCommand(store, 'r1', { run_as: 'user' });
    const { active, slot } = takeUp(run);
    expect(await active.step()).toBe('deferred');
    expect([active.waits, slot.held, store.inbox.get(run)?.state]).toEqual([true, 0, 'waiting_user']);
    scripts.signIn('taro');
    expect(await takeUp(run).active.step()).toMatchObject({ reason: 'DONE' });
    expect(store.history.get(run)).toMatchObject({ runAsUser: 'taro' });
  });

  test('for a slot, which is no wait for a time', async () => {
    const { store, scripts, takeUp } = takingUp();
    const run = await admitCommand(store, 'r1');
    const { active, slot } = takeUp(run, { offer: 'none', isFree: false });
    expect(await active.step()).toBe('deferred');
    expect([active.waits, slot.held, store.inbox.get(run)?.state]).toEqual([false, 0, 'waiting_slot']);
    expect(scripts.started).toEqual([]);
  });

  test('also where the store takes no writes for a while', async () => {
    const { store, takeUp } = takingUp();
    const run = await admitCommand(store, 'r1');
    const { active } = takeUp(run, { offer: 'none', isFree: false });
    store.runs.advance = refusesOnce(store.runs.advance.bind(store.runs));
    expect(await active.step()).toBe('deferred');
    expect(store.inbox.get(run)?.state).toBe('waiting_slot');
  });

  test('and is answered where nobody can sign in for it here', async () => {
    const { store, scripts, takeUp } = takingUp();
    scripts.user = { kind: 'unsupported', why: 'skipped: not here' };
    const { active, slot } = takeUp(await admitCommand(store, 'r1', { run_as: 'system_gui' }));
    expect(await active.step()).toMatchObject({ reason: 'UNSUPPORTED' });
    expect(slot.held).toBe(0);
  });
});

describe('the gates', () => {
  test('refuse it on its way, and its slot is free again', async () => {
    const { store, bus, scripts, takeUp } = takingUp();
    bus.setKv('script_status', 'job-1', 'REVOKED');
    const { active, slot } = takeUp(await admitCommand(store, 'r1'));
    expect(await active.step()).toMatchObject({ reason: 'REVOKED', exitCode: 126 });
    expect([scripts.started, slot.held]).toEqual([[], 0]);
    const later = takeUp(await admitCommand(store, 'r2'), { offer: 'none' });
    expect(await later.active.step()).toMatchObject({ reason: 'REVOKED' });
    expect(later.slot.asked).toBe(0);
  });

  test.each([
    ['that is withdrawn', 'REVOKED'],
    ['whose last moment passes', 'DEADLINE'],
  ])(
    'are asked once more right before the spawn: one %s while it comes by its slot does not start',
    async (_n, reason) => {
      const { store, bus, scripts, takeUp, time } = takingUp();
      const deadline = new Date(Date.now() + DAY_MS / 2).toISOString();
      const run = await admitCommand(store, 'r1', reason === 'DEADLINE' ? { deadline_at: deadline } : {});
      const { active, slot } = takeUp(run, { offer: 'none' });
      slot.onTake = () => {
        time.passedMs += DAY_MS;
        if (reason === 'REVOKED') bus.setKv('script_status', 'job-1', 'REVOKED');
      };
      expect(await active.step()).toMatchObject({ reason });
      expect([scripts.started, slot.held, store.inbox.get(run)?.state]).toEqual([[], 0, 'admitted']);
    },
  );

  test('are asked again where its start could not be written at first', async () => {
    const { store, bus, scripts, takeUp } = takingUp();
    const { active } = takeUp(await admitCommand(store, 'r1'));
    const start = store.runs.start.bind(store.runs);
    store.runs.start = refusesOnce(start, () => bus.setKv('script_status', 'job-1', 'REVOKED'));
    expect(await active.step()).toMatchObject({ reason: 'REVOKED' });
    expect(scripts.started).toEqual([]);
  });

  test.each([
    [true, 'REVOKED'],
    [false, 'DONE'],
  ])('believe a broker that does not answer, unless it waited over a restart (%s)', async (overRestart, reason) => {
    const { store, bus, scripts, takeUp } = takingUp();
    scripts.autoExit = 0;
    bus.kv.set('script_status/job-1', { kind: 'failed', why: 'no answer' });
    let reads = 0;
    bus.onKvGet = (bucket) => {
      if (bucket === 'script_status' && ++reads === 2 && overRestart) bus.setKv(bucket, 'job-1', 'REVOKED');
    };
    const { active } = takeUp(await admitCommand(store, 'r1'), { overRestart });
    expect(await active.step()).toMatchObject({ reason });
    // On its way, and once more: then right before the spawn, or since the first was not believed.
    expect(reads).toBeLessThanOrEqual(2);
  });
});

describe('a script in the object store', () => {
  test('is fetched without the slot that it was given, which it takes again for its start', async () => {
    const { store, bus, scripts, takeUp } = takingUp();
    scripts.autoExit = 0;
    const { active, slot } = takeUp(await admitCommand(store, 'r1', SCRIPT_OBJECT));
    const meanwhile: unknown[] = [];
    bus.onObjectGet = () => {
      meanwhile.push(slot.held, active.holdsSlot, active.pauses, active.fetchesForSlot);
      return ITS_TEXT;
    };
    expect(await active.step()).toMatchObject({ reason: 'DONE' });
    expect(meanwhile).toEqual([0, false, true, true]);
    expect(scripts.started.map(({ spec }) => spec.script)).toEqual(['echo 1']);
    expect([slot.asked, slot.held, active.pauses]).toEqual([1, 0, false]);
  });

  test('that is here before there is a slot is kept for it', async () => {
    const { store, bus, scripts, scriptObjects, takeUp } = takingUp();
    scripts.autoExit = 0;
    bus.objects.set('a/1', ITS_TEXT);
    const run = await admitCommand(store, 'r1', SCRIPT_OBJECT);
    expect(await takeUp(run, { offer: 'none', isFree: false }).active.step()).toBe('deferred');
    expect([store.inbox.get(run)?.state, scriptObjects.has(run)]).toEqual(['waiting_slot', true]);
    // What tells the dispatcher that it may have to be fetched.
    expect(store.inbox.scriptReadBytes(run)).toBe(0);
    bus.objects.clear();
    expect(await takeUp(run).active.step()).toMatchObject({ reason: 'DONE' });
  });

  test('that the broker does not give for now is asked for later', async () => {
    const { store, bus, takeUp } = takingUp();
    bus.objects.set('a/1', AWAY);
    const run = await admitCommand(store, 'r1', SCRIPT_OBJECT);
    const { active, slot } = takeUp(run);
    expect(await active.step()).toBe('deferred');
    expect([active.waits, slot.held, store.inbox.get(run)?.state]).toEqual([true, 0, 'admitted']);
    expect(store.waits.leftMs(run, 'retry')).toBeGreaterThan(0);
  });

  test('is asked for again at once by a connection that comes while its wait is noted', async () => {
    const { store, bus, scripts, takeUp } = takingUp();
    scripts.autoExit = 0;
    bus.disconnect();
    bus.objects.set('a/1', AWAY);
    const { active } = takeUp(await admitCommand(store, 'r1', SCRIPT_OBJECT));
    const advance = store.runs.advance.bind(store.runs);
    store.runs.advance = async (...args) => {
      await advance(...args);
      bus.objects.set('a/1', ITS_TEXT);
      bus.connect();
    };
    expect(await active.step()).toMatchObject({ reason: 'DONE' });
  });

  test('does not start for a user who has left while it was fetched', async () => {
    const { store, bus, scripts, takeUp } = takingUp();
    scripts.signIn('taro');
    const run = await admitCommand(store, 'r1', { ...SCRIPT_OBJECT, run_as: 'user' });
    bus.onObjectGet = () => {
      scripts.user = { kind: 'no_user' };
      return ITS_TEXT;
    };
    expect(await takeUp(run).active.step()).toBe('deferred');
    expect([scripts.started, store.inbox.get(run)?.state]).toEqual([[], 'waiting_user']);
  });
});

describe('an error', () => {
  test('of a store that can not be read for a moment is waited for, without a slot', async () => {
    const { store, scripts, takeUp } = takingUp();
    scripts.autoExit = 0;
    const { active, slot } = takeUp(await admitCommand(store, 'r1'));
    const body = store.inbox.body.bind(store.inbox);
    let away = true;
    store.inbox.body = (run) => {
      if (away) throw ioError();
      return body(run);
    };
    const step = active.step();
    await eventually(() => expect(active.pauses).toBe(true));
    expect([active.holdsSlot, slot.held]).toEqual([false, 0]);
    away = false;
    expect(await step).toMatchObject({ reason: 'DONE' });
    expect([active.pauses, slot.held]).toEqual([false, 0]);
  });

  test.each([
    ['that is no matter of the store', new Error('a bug')],
    ['of the system, which may pass', Object.assign(new Error('too many files'), { code: 'EMFILE' })],
    ['of a store that will not heal', Object.assign(new Error('malformed'), { code: 'SQLITE_CORRUPT' })],
  ])('%s rejects', async (_name, error) => {
    const { store, takeUp } = takingUp();
    const { active, slot } = takeUp(await admitCommand(store, 'r1'));
    store.inbox.body = () => {
      throw error;
    };
    await expect(active.step()).rejects.toBe(error);
    expect(slot.held).toBe(0);
  });

  test('after the start is on disk rejects, whatever it is: the run is not begun again', async () => {
    const { store, scripts, takeUp } = takingUp();
    const { active, slot } = takeUp(await admitCommand(store, 'r1'));
    const error = ioError();
    const start = vi.spyOn(scripts, 'start').mockImplementation(() => {
      throw error;
    });
    await expect(active.step()).rejects.toBe(error);
    expect([start.mock.calls.length, slot.held]).toEqual([1, 0]);
  });
});
