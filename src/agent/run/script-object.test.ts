import { hash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { admitCommand, type Dispatching, dispatching } from '../../../test/support/dispatching.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { ShiftedClock } from '../../../test/support/shifted-clock.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import type { RunId } from '../../shared/ids.ts';
import type { ObjectRead } from '../bus/bus.ts';
import { recover } from './recovery.ts';

const OBJECT = { script: '', script_object: 'a/1', script_object_sha256: hash('sha256', 'echo 1') };
const VALUE: ObjectRead = { kind: 'value', body: Buffer.from('echo 1') };
const AWAY: ObjectRead = { kind: 'failed', why: 'no responders', mayPass: true };
const MINUTE_MS = 60_000;

/** A clock that is moved, and a broker whose answer for each object is `answer`. */
function away(more: Dispatching & { clock?: never; passedMs?: number } = {}) {
  const time = new ShiftedClock();
  time.passedMs = more.passedMs ?? 0;
  const world = dispatching({ ...more, clock: time });
  const asked: number[] = [];
  const state = { answer: AWAY, silentMs: 0 };
  world.bus.onObjectGet = () => {
    asked.push(time.passedMs);
    time.passedMs += state.silentMs;
    state.silentMs = 0;
    return state.answer;
  };
  /** It is asked for again, and for so long there is no answer. */
  const askAgain = async (silentMs: number) => {
    state.silentMs = silentMs;
    const before = asked.length;
    world.dispatcher.start();
    await eventually(() => expect(asked.length).toBeGreaterThan(before));
    await world.dispatcher.idle();
  };
  return { ...world, time, asked, state, askAgain };
}

describe('a script that can not be fetched', () => {
  test('at the moment holds no slot and refuses nothing: it runs when it can be', async () => {
    const { store, scripts, bus, dispatcher } = dispatching({ parallel: 1 });
    scripts.autoExit = 0;
    bus.objects.set('a/1', AWAY);
    const far = await admitCommand(store, 'r1', OBJECT);
    const killed = await admitCommand(store, 'r2', { ...OBJECT, exec_id: 'e2' });
    const inline = await admitCommand(store, 'r3');
    dispatcher.start();
    await eventually(() => expect(store.history.get(inline)).toMatchObject({ reason: 'DONE' }));
    await dispatcher.kill('e2');
    await eventually(() => expect(store.history.get(killed)).toMatchObject({ reason: 'KILLED_WAITING' }));
    expect(store.history.get(far)).toMatchObject({ state: 'admitted' });
    bus.objects.set('a/1', VALUE);
    await eventually(() => expect(store.history.get(far)).toMatchObject({ reason: 'DONE', exitCode: 0 }));
  });

  test('from a broker that is there and does not give it ends after ten minutes, in which only those with a broker count', async () => {
    const { store, bus, dispatcher, time, asked, askAgain } = away();
    bus.disconnect();
    const run = await admitCommand(store, 'r1', OBJECT);
    const isOpen = () => expect(store.history.get(run)).toMatchObject({ state: 'admitted' });
    await askAgain(0);
    await askAgain(60 * MINUTE_MS);
    isOpen();
    bus.connect();
    await eventually(() => expect(asked).toHaveLength(3));
    await dispatcher.idle();
    await askAgain(9 * MINUTE_MS);
    isOpen();
    bus.disconnect();
    await askAgain(60 * MINUTE_MS);
    time.passedMs += MINUTE_MS;
    bus.connect();
    await eventually(() => expect(asked).toHaveLength(6));
    await dispatcher.idle();
    isOpen();
    await askAgain(MINUTE_MS);
    expect(store.history.get(run)).toMatchObject({ reason: 'UNSUPPORTED', exitCode: 122 });
  });

  test('for a reason of its own, or for want of a permission, ends at once', async () => {
    const { store, bus, dispatcher } = dispatching();
    bus.objects.set('a/1', { kind: 'failed', why: 'it is damaged', mayPass: false });
    const run = await admitCommand(store, 'r1', OBJECT);
    dispatcher.start();
    await dispatcher.idle();
    expect(store.history.get(run)).toMatchObject({ reason: 'UNSUPPORTED', exitCode: 122 });
  });

  test('is no longer waited for on a PC that is started again and again', async () => {
    const directory = tempDir();
    const first = away({ directory });
    const run = await admitCommand(first.store, 'r1', OBJECT);
    await first.askAgain(0);
    await first.askAgain(6 * MINUTE_MS);
    await first.dispatcher.stop(0);
    await first.store.close();
    const second = away({ directory, passedMs: 7 * MINUTE_MS });
    await recover(second.recovery, new AbortController().signal);
    await second.askAgain(0);
    await second.askAgain(3 * MINUTE_MS);
    expect(second.store.history.get(run)).toMatchObject({ state: 'admitted' });
    await second.askAgain(MINUTE_MS);
    expect(second.store.history.get(run)).toMatchObject({ reason: 'UNSUPPORTED', exitCode: 122 });
  });

  test.each([
    ['and of whose script what had come is lost with each start', { starts: 12, others: 0 }],
    ['and of whose script what had come makes room for those of others', { starts: 1, others: 2 }],
  ])('is no longer waited for on a PC that gets a part of it, %s', async (_name, { starts, others }) => {
    const directory = tempDir();
    const requests = Array.from({ length: others + 1 }, (_, at) => `r${at}`);
    let runs: RunId[] = [];
    for (let start = 0; start < starts; start++) {
      const world = away({ directory, passedMs: start * 20 * MINUTE_MS });
      // Always the same, of an object for which there is no room beside two others.
      const part = { readBytes: 3, sizeBytes: 16 * 1024 * 1024 };
      const { onObjectGet } = world.bus;
      world.bus.onObjectGet = async (name) => {
        world.time.passedMs += 3 * MINUTE_MS;
        return { ...(await onObjectGet(name)), part } as ObjectRead;
      };
      if (start === 0) runs = await Promise.all(requests.map((id) => admitCommand(world.store, id, OBJECT)));
      else await recover(world.recovery, new AbortController().signal);
      for (let tried = 0; tried < (starts === 1 ? 5 : 2); tried++) {
        if (world.store.inbox.open(1).length > 0) await world.askAgain(0);
      }
      await world.dispatcher.stop(0);
      if (start < starts - 1) await world.store.close();
      else expect(runs.map((run) => world.store.history.get(run)?.reason)).toEqual(runs.map(() => 'UNSUPPORTED'));
    }
  });

  test('is not given up for a time in which nobody asked: it waited for its turn, or for an update', async () => {
    const { store, bus, dispatcher, time, asked, askAgain } = away();
    const run = await admitCommand(store, 'r1', OBJECT);
    await askAgain(0);
    const leftMinutes = () => Math.round((store.waits.span(run, 'script')?.askedMs ?? 0) / MINUTE_MS);
    expect(leftMinutes()).toBe(10);

    dispatcher.hold(true);
    time.passedMs += 15 * MINUTE_MS;
    dispatcher.hold(false);
    await eventually(() => expect(asked.length).toBeGreaterThan(1));
    await dispatcher.idle();
    expect(leftMinutes()).toBe(10);

    const slow = Promise.withResolvers<ObjectRead>();
    const answerOf = bus.onObjectGet;
    let slowOnes = 0;
    bus.onObjectGet = (name) => {
      if (name !== 'a/slow') return answerOf(name);
      slowOnes += 1;
      return slow.promise;
    };
    for (let at = 0; at < 4; at++) await admitCommand(store, `slow${at}`, { ...OBJECT, script_object: 'a/slow' });
    dispatcher.nudge();
    await eventually(() => expect(slowOnes).toBe(4));
    dispatcher.start();
    await eventually(() => expect(dispatcher.has(run)).toBe(true));
    const before = asked.length;
    time.passedMs += 15 * MINUTE_MS;
    slow.resolve(AWAY);
    await eventually(() => expect(asked.length).toBeGreaterThan(before));
    await eventually(() => expect(dispatcher.has(run)).toBe(false));
    expect([leftMinutes(), store.history.get(run)?.state]).toEqual([10, 'admitted']);
    await dispatcher.stop(0);
  });

  test('is waited for no longer while all slots are busy', async () => {
    const { store, scripts, dispatcher, state } = away({ parallel: 1 });
    await admitCommand(store, 'stuck');
    const run = await admitCommand(store, 'r1', OBJECT);
    dispatcher.start();
    await eventually(() => expect(scripts.started).toHaveLength(1));
    for (const leftMinutes of [10, 5, 1]) {
      await eventually(() => {
        const span = store.waits.span(run, 'script');
        expect(Math.round((span?.askedMs ?? 0) / MINUTE_MS)).toBe(leftMinutes);
      });
      state.silentMs = (leftMinutes === 10 ? 5 : 4) * MINUTE_MS;
      dispatcher.start();
    }
    await eventually(() => expect(store.history.get(run)).toMatchObject({ reason: 'UNSUPPORTED', exitCode: 122 }));
    await dispatcher.stop(0);
  });

  test.each([
    ['withdrawn', 'REVOKED', 126],
    ['past its deadline', 'DEADLINE', 125],
    ['and scripts are switched off', 'DISABLED', 122],
  ])('%s, ends as that, and is not asked for once more', async (_name, reason, exitCode) => {
    for (const state of ['admitted', 'waiting_slot', 'waiting_jitter'] as const) {
      let scriptsEnabled = true;
      const { store, bus, dispatcher, time, asked, askAgain } = away({ scriptsEnabled: () => scriptsEnabled });
      const deadline = new Date(Date.now() + MINUTE_MS).toISOString();
      const run = await admitCommand(store, 'r1', { ...OBJECT, deadline_at: deadline });
      if (state === 'waiting_slot') await store.runs.advance(run, state);
      if (state === 'waiting_jitter') await store.runs.advance(run, state, { kind: 'jitter', askedMs: 0 });
      await askAgain(0);
      expect(store.history.get(run)).toMatchObject({ reason: null });
      if (reason === 'REVOKED') bus.setKv('script_status', 'job-1', 'REVOKED');
      if (reason === 'DISABLED') scriptsEnabled = false;
      time.passedMs += reason === 'DEADLINE' ? 2 * MINUTE_MS : 1_000;
      const before = asked.length;
      dispatcher.start();
      await eventually(() => expect(store.history.get(run)).toMatchObject({ reason, exitCode }));
      expect(asked).toHaveLength(before);
    }
  });

  test('is looked at by the gates when its turn comes, whatever it waited for before', async () => {
    const { store, scripts, bus, dispatcher, asked } = away({ parallel: 1 });
    await admitCommand(store, 'stuck');
    const run = await admitCommand(store, 'r1');
    const far = await admitCommand(store, 'r2', { ...OBJECT, id: 'job-2' });
    await store.runs.advance(far, 'waiting_slot');
    bus.setKv('script_status', 'job-2', 'REVOKED');
    dispatcher.start();
    await eventually(() => expect(scripts.started).toHaveLength(1));
    scripts.autoExit = 0;
    scripts.started[0]?.exit(0);
    await eventually(() => expect(store.history.get(run)).toMatchObject({ reason: 'DONE' }));
    await eventually(() => expect(store.history.get(far)).toMatchObject({ reason: 'REVOKED', exitCode: 126 }));
    expect(asked).toEqual([]);
  });

  test('leaves the others their turn, however many there are', async () => {
    const { store, scripts, dispatcher } = away();
    scripts.autoExit = 0;
    await Promise.all(Array.from({ length: 600 }, (_, index) => admitCommand(store, `r${index}`, OBJECT)));
    const inline = await admitCommand(store, 'inline');
    dispatcher.start();
    await eventually(() => expect(store.history.get(inline)).toMatchObject({ reason: 'DONE' }));
    await dispatcher.stop(0);
  });
});

describe('a script that takes long to fetch', () => {
  test('holds no slot meanwhile, and is not fetched again when all are taken at its end', async () => {
    const { store, scripts, bus, dispatcher } = dispatching({ parallel: 1 });
    const come = Promise.withResolvers<ObjectRead>();
    let fetches = 0;
    bus.onObjectGet = () => {
      fetches += 1;
      return come.promise;
    };
    const far = await admitCommand(store, 'r1', OBJECT);
    dispatcher.start();
    await eventually(() => expect(fetches).toBe(1));
    const inline = await admitCommand(store, 'r2');
    dispatcher.nudge();
    await eventually(() => expect(scripts.started).toHaveLength(1));
    come.resolve(VALUE);
    await eventually(() => expect(store.inbox.get(far)?.state).toBe('waiting_slot'));
    scripts.started[0]?.exit(0);
    await eventually(() => expect(scripts.started).toHaveLength(2));
    expect(scripts.started[1]?.spec.script).toBe('echo 1');
    scripts.started[1]?.exit(0);
    await dispatcher.idle();
    expect([inline, far].map((run) => store.history.get(run)?.reason)).toEqual(['DONE', 'DONE']);
    expect(fetches).toBe(1);
  });

  test('goes on behind what has come of it, and as long as more of it comes the broker gives it', async () => {
    const { store, scripts, bus, askAgain, asked } = away();
    scripts.autoExit = 0;
    const parts = [3, 4, 5].map((readBytes) => ({ readBytes, sizeBytes: 6 }));
    const given: unknown[] = [];
    bus.onObjectGet = (_name, from) => {
      given.push(from);
      const part = parts[asked.push(0) - 1];
      return part === undefined ? VALUE : { ...AWAY, part };
    };
    const run = await admitCommand(store, 'r1', OBJECT);
    await askAgain(0);
    await askAgain(9 * MINUTE_MS);
    await askAgain(9 * MINUTE_MS);
    await askAgain(9 * MINUTE_MS);
    expect(store.history.get(run)).toMatchObject({ reason: 'DONE' });
    expect(given).toEqual([undefined, ...parts]);
  });

  test('is fetched twice at most, however many wait for a slot that can not all be kept, and they start in order', async () => {
    const { store, scripts, bus, dispatcher } = dispatching({ parallel: 2 });
    const count = 12;
    const text = '#'.repeat(9_000_000);
    const sha256 = hash('sha256', text);
    const body = Buffer.from(text);
    const fetches = new Map<string, number>();
    bus.onObjectGet = async (name) => {
      fetches.set(name, (fetches.get(name) ?? 0) + 1);
      await loopTurn();
      return { kind: 'value', body };
    };
    const admitted = Array.from({ length: count }, (_, index) => {
      const object = { script_object: `a/${index}`, script_object_sha256: sha256 };
      return admitCommand(store, `r${index}`, { ...OBJECT, ...object });
    });
    const runs = await Promise.all(admitted);
    dispatcher.start();
    await eventually(() => expect(store.inbox.inState('waiting_slot', count)).toHaveLength(count - 2));
    for (let ended = 0; ended < count; ended++) {
      await eventually(() => expect(scripts.started.length).toBeGreaterThanOrEqual(Math.min(count, ended + 2)));
      expect(scripts.started.length).toBeLessThanOrEqual(ended + 2);
      scripts.started[ended]?.exit(0);
    }
    await dispatcher.idle();
    const markers = runs.map((run) => store.history.get(run)?.resultId);
    expect(scripts.started.map(({ spec }) => spec.marker)).toEqual(markers);
    expect(Math.max(...fetches.values())).toBeLessThanOrEqual(2);
  });

  test('holds no slot while it is fetched again for one: who needs none has it, and it is next', async () => {
    const { store, scripts, bus, dispatcher } = dispatching({ parallel: 1 });
    const stuck = await admitCommand(store, 'stuck');
    dispatcher.start();
    await eventually(() => expect(scripts.started).toHaveLength(1));
    const runs: RunId[] = [];
    for (let index = 0; index < 3; index++) {
      const run = await admitCommand(store, `r${index}`, OBJECT);
      // As one for which there was no room, and which has to be fetched when there is a slot.
      await store.runs.advance(run, 'waiting_slot', { kind: 'read', bytes: 0 });
      runs.push(run);
    }
    const inline = await admitCommand(store, 'inline');
    dispatcher.nudge();
    await eventually(() => expect(store.inbox.get(inline)?.state).toBe('waiting_slot'));
    const come: (() => void)[] = [];
    bus.onObjectGet = () => new Promise((resolve) => void come.push(() => resolve(VALUE)));
    scripts.started[0]?.exit(0);
    await eventually(() => expect(scripts.started).toHaveLength(2));
    expect(come).toHaveLength(1);
    come[0]?.();
    await eventually(() => expect(dispatcher.has(runs[0] ?? stuck)).toBe(false));
    scripts.started[1]?.exit(0);
    await eventually(() => expect(scripts.started).toHaveLength(3));
    for (const fetched of [1, 2]) {
      scripts.started[fetched + 1]?.exit(0);
      await eventually(() => expect(come).toHaveLength(fetched + 1));
      come[fetched]?.();
      await eventually(() => expect(scripts.started).toHaveLength(fetched + 3));
    }
    scripts.started[4]?.exit(0);
    await dispatcher.idle();
    const markers = [stuck, inline, ...runs].map((run) => store.history.get(run)?.resultId);
    expect(scripts.started.map(({ spec }) => spec.marker)).toEqual(markers);
  });

  test('is one of a few at a time', async () => {
    const { store, bus, scripts, dispatcher } = dispatching({ parallel: 20 });
    const gates: ((read: ObjectRead) => void)[] = [];
    bus.onObjectGet = () => new Promise((resolve) => void gates.push(resolve));
    const runs = await Promise.all(Array.from({ length: 10 }, (_, index) => admitCommand(store, `r${index}`, OBJECT)));
    dispatcher.start();
    scripts.autoExit = 0;
    for (let given = 0; given < runs.length; given++) {
      await eventually(() => expect(gates.length).toBeGreaterThan(given));
      expect(gates.length).toBeLessThanOrEqual(given + 4);
      gates[given]?.(VALUE);
    }
    await dispatcher.idle();
    expect(runs.map((run) => store.history.get(run)?.reason)).toEqual(runs.map(() => 'DONE'));
  });

  test('keeps those behind it in their rows: they do not ask the gates again until there is room for them', async () => {
    const { store, scripts, bus, dispatcher, time, asked } = away();
    const come = Promise.withResolvers<ObjectRead>();
    bus.onObjectGet = () => {
      asked.push(0);
      return come.promise;
    };
    scripts.autoExit = 0;
    const count = 300;
    const admitted = Array.from({ length: count }, (_, index) =>
      admitCommand(store, `r${index}`, { ...OBJECT, id: `job-${index}` }),
    );
    const runs = await Promise.all(admitted);
    dispatcher.start();
    const inRows = () => runs.filter((run) => store.waits.leftMs(run, 'retry') !== null);
    // Four are fetched, and 128 wait for that.
    await eventually(() => expect(inRows()).toHaveLength(count - 132));
    const before = bus.kvReads;
    time.passedMs += MINUTE_MS;
    dispatcher.start();
    const inline = await admitCommand(store, 'inline');
    dispatcher.nudge();
    await eventually(() => expect(store.history.get(inline)).toMatchObject({ reason: 'DONE' }));
    expect(bus.kvReads - before).toBeLessThan(10);
    expect(asked).toHaveLength(4);
    come.resolve(VALUE);
    await eventually(() => expect(runs.map((run) => store.history.get(run)?.reason)).toEqual(runs.map(() => 'DONE')));
  });

  test('is asked for again by one try at a time, however often the link comes while the disk takes no writes', async () => {
    const { store, bus, scripts, dispatcher } = dispatching();
    scripts.autoExit = 0;
    const run = await admitCommand(store, 'r1', OBJECT);
    bus.objects.set('a/1', AWAY);
    bus.disconnect();
    dispatcher.start();
    await eventually(() => expect(store.waits.leftMs(run, 'retry')).toBeGreaterThan(MINUTE_MS));
    await dispatcher.idle();
    const tries: PromiseWithResolvers<void>[] = [];
    vi.spyOn(store.waits, 'retryNow').mockImplementation(() => {
      const writing = Promise.withResolvers<void>();
      tries.push(writing);
      return writing.promise;
    });
    for (let at = 10; at < 30; at += 2) {
      bus.disconnect(at);
      bus.connect(at + 1);
    }
    await loopTurn();
    expect(tries).toHaveLength(1);
    tries[0]?.reject(new Error('database or disk is full'));
    // Once more for the one that failed and for all who asked meanwhile.
    await eventually(() => expect(tries).toHaveLength(2));
    bus.disconnect(40);
    bus.connect(41);
    tries[1]?.resolve();
    await eventually(() => expect(tries).toHaveLength(3));
    tries[2]?.resolve();
    await loopTurn();
    expect(tries).toHaveLength(3);
    vi.restoreAllMocks();
    bus.disconnect(50);
    bus.objects.set('a/1', VALUE);
    bus.connect(51);
    await eventually(() => expect(store.history.get(run)).toMatchObject({ state: 'finished' }));
  });

  test('is killed, and left for the next start by our own stop, like any other that waits', async () => {
    const { store, bus, dispatcher } = dispatching();
    bus.onObjectGet = () => new Promise(() => {});
    const killed = await admitCommand(store, 'r1', { ...OBJECT, exec_id: 'e1' });
    const left = await admitCommand(store, 'r2', OBJECT);
    dispatcher.start();
    await dispatcher.kill('e1');
    await eventually(() => expect(store.history.get(killed)).toMatchObject({ reason: 'KILLED_WAITING' }));
    await dispatcher.stop(0);
    expect(store.history.get(left)).toMatchObject({ state: 'admitted' });
  });
});
