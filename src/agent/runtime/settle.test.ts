import { expect, test, vi } from 'vitest';
import { commandJson } from '../../../test/support/commands.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { FakeScripts } from '../../../test/support/fake-scripts.ts';
import { pcIdOf, runIdOf } from '../../../test/support/ids.ts';
import { arrival, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import type { RunId } from '../../shared/ids.ts';
import { FactsReader } from '../gates/facts.ts';
import { Dispatcher } from '../run/dispatcher.ts';
import { Slots } from '../run/slots.ts';
import type { Store } from '../store/store.ts';
import { Settling } from './settle.ts';

/** A start of the agent on a store, with a broker that is not there yet. */
function start(directory: string, oldCopy = false, prepare: (store: Store) => void = () => {}) {
  const store = testStore(directory);
  prepare(store);
  const bus = new FakeBus();
  bus.disconnect();
  bus.tried.set(false);
  bus.ageMs = Number.POSITIVE_INFINITY;
  const scripts = new FakeScripts();
  scripts.autoExit = 0;
  const shared = { store, bus, scripts, clock: systemClock, log: silentLogger };
  const facts = new FactsReader(
    { bus, kvCache: store.kvCache, lastContact: store.lastContact, timeline: store.timeline, log: silentLogger },
    { scriptsEnabled: () => true, uncheckedHonoursRevoke: false },
  );
  const slots = new Slots(() => 4);
  const dispatcher = new Dispatcher({
    ...shared,
    pcId: pcIdOf('PC-1'),
    facts,
    slots,
    publishPinSkips: true,
    onQueued() {},
  });
  const settling = new Settling({ ...shared, dispatcher, oldCopy });
  const asked = vi.spyOn(bus.tried, 'watch');
  /** Resolves when it waits for the first try to connect. */
  const waitsForFleet = () => eventually(() => expect(asked).toHaveBeenCalled());
  const ending = new AbortController();
  const running = settling.run(ending.signal);
  const connect = () => {
    bus.ageMs = 0;
    bus.connect();
    bus.tried.set(true);
  };
  const { signal } = ending;
  return { store, bus, scripts, slots, dispatcher, settling, running, waitsForFleet, connect, signal };
}

async function waiting(directory: string, more: Record<string, unknown> = {}): Promise<RunId> {
  const store = testStore(directory);
  const admission = await store.runs.admit(arrival('r1', commandJson('r1', more), { manifestId: 'job-1' }));
  if (admission.kind !== 'admitted') throw new Error(admission.kind);
  await store.runs.advance(admission.run, 'waiting_slot');
  await store.lastContact.note(0);
  await store.close();
  return admission.run;
}

test('a strict command that waits over a restart is judged after the first connect, never before', async () => {
  const directory = tempDir();
  const run = await waiting(directory, { staleness: { mode: 'strict', max_cache_age: '30s' } });
  const { store, running, settling, dispatcher, waitsForFleet, connect } = start(directory);
  await waitsForFleet();
  expect(dispatcher.started).toBe(false);
  connect();
  await settling.consumerBound(new AbortController().signal);
  await running;
  await eventually(() => expect(store.history.get(run)?.reason).toBe('DONE'));
});

test('and where the try to connect has failed, by how long ago the fleet was heard of, a restart or not', async () => {
  const directory = tempDir();
  const run = await waiting(directory, { staleness: { mode: 'strict', max_cache_age: '1h' } });
  const { store, running, bus } = start(directory);
  bus.tried.set(true);
  await running;
  await eventually(() => expect(store.history.get(run)?.reason).toBe('DONE'));
});

test('a job that was withdrawn while the PC was off does not run by what was known before', async () => {
  const directory = tempDir();
  const run = await waiting(directory);
  const { store, running, settling, bus, connect, scripts } = start(directory);
  bus.setKv('script_status', 'job-1', 'REVOKED');
  // The broker is there and slow: the first look fails by its time-out.
  let looks = 0;
  bus.onKvGet = (bucket) => {
    const slow = bucket === 'script_status' && looks++ === 0;
    bus.kv.set(
      'script_status/job-1',
      slow ? { kind: 'failed', why: 'timeout' } : { kind: 'value', value: Buffer.from('REVOKED'), revision: 1 },
    );
  };
  connect();
  await settling.consumerBound(new AbortController().signal);
  await running;
  await eventually(() => expect(store.history.get(run)?.reason).toBe('REVOKED'));
  expect(scripts.started).toEqual([]);
});

test('a store that the fleet knows to be an older copy runs nothing of what is open in it', async () => {
  const directory = tempDir();
  const run = await waiting(directory);
  const { store, running, settling, dispatcher, waitsForFleet, connect, scripts } = start(directory);
  await waitsForFleet();
  connect();
  // It waits for the consumer now.
  await loopTurn();
  expect(dispatcher.started).toBe(false);
  await settling.olderCopy();
  await settling.consumerBound(new AbortController().signal);
  await running;
  expect(store.history.get(run)).toMatchObject({ reason: 'INTERRUPTED', exitCode: 121 });
  expect(scripts.started).toEqual([]);
});

test('an older copy that the file beside it tells stays one until all of it is ended', async () => {
  const directory = tempDir();
  const run = await waiting(directory);
  const { store, running, scripts } = start(directory, true);
  await running;
  expect(store.history.get(run)?.reason).toBe('INTERRUPTED');
  expect(scripts.started).toEqual([]);
});

test('what the consumer has told once is not forgotten: not by the next binding, and not by the next start', async () => {
  const directory = tempDir();
  const run = await waiting(directory);
  const first = start(directory);
  await first.settling.olderCopy();
  // It ends before anybody could act on it; the consumer has its new name by now.
  await first.store.close();
  const { store, running, settling, connect, scripts, signal } = start(directory);
  connect();
  for (let binding = 0; binding < 3; binding++) await settling.consumerBound(signal);
  await running;
  expect(store.history.get(run)).toMatchObject({ reason: 'INTERRUPTED', exitCode: 121 });
  expect(scripts.started).toEqual([]);
  expect(store.olderCopyUpTo).toBeNull();
});

test('one row that has no result anybody could read holds up no other', async () => {
  const directory = tempDir();
  const run = await waiting(directory);
  const damaged = testStore(directory);
  const other = await damaged.runs.admit(arrival('odd', 'odd', { requestId: null }));
  if (other.kind !== 'admitted') throw new Error(other.kind);
  await damaged.runs.start(other.run, { startedAtMs: 1, runAsUser: null, facts: null, event: null });
  await damaged.close();
  const { store, running, bus } = start(directory);
  bus.tried.set(true);
  await running;
  await eventually(() => expect(store.history.get(run)?.reason).toBe('DONE'));
  expect(store.history.get(other.run)).toMatchObject({ state: 'finished', reason: 'INTERRUPTED' });
});

test('what the consumer tells while an earlier word of it is acted on stays until it is acted on too', async () => {
  const directory = tempDir();
  await waiting(directory);
  const { store, settling, running, connect, signal } = start(directory);
  await settling.olderCopy();
  const settle = store.settleOldCopy.bind(store);
  store.settleOldCopy = async (upTo) => {
    // In the moment before it is settled the consumer tells of more.
    await store.markOlderCopy(upTo + 100);
    store.settleOldCopy = settle;
    return settle(upTo);
  };
  connect();
  await Promise.all([settling.consumerBound(signal), settling.consumerBound(signal)]);
  await running;
  await eventually(() => expect(store.olderCopyUpTo).toBeNull());
});

test('told late, it concerns what was found at the start, not what has come since', async () => {
  const directory = tempDir();
  const old = await waiting(directory, { jitter_secs: 3_000_000 });
  const { store, running, settling, bus, scripts, dispatcher, signal } = start(directory);
  bus.tried.set(true);
  await running;
  await eventually(() => expect(store.history.get(old)?.state).toBe('waiting_jitter'));
  const admitted = await store.runs.admit(
    arrival('new', commandJson('new', { jitter_secs: 1 }), { manifestId: 'job-1' }),
  );
  dispatcher.nudge();
  await settling.olderCopy();
  await settling.consumerBound(signal);
  expect(store.history.get(old)?.reason).toBe('INTERRUPTED');
  const run = admitted.kind === 'admitted' ? admitted.run : runIdOf(0);
  await eventually(() => expect(store.history.get(run)?.reason).toBe('DONE'));
  expect(scripts.started).toHaveLength(1);
});

test('from the moment at which it is told nothing of it begins, however long the consumer takes to be bound', async () => {
  const directory = tempDir();
  const old = await waiting(directory);
  const { store, running, settling, bus, scripts, slots, dispatcher, connect, signal } = start(directory);
  while (slots.take());
  bus.tried.set(true);
  await running;
  connect();
  await settling.olderCopy();
  while (slots.free < 4) slots.release();
  const admitted = await store.runs.admit(arrival('new', commandJson('new'), { manifestId: 'job-1' }));
  dispatcher.nudge();
  // It stands behind the old one.
  const run = admitted.kind === 'admitted' ? admitted.run : runIdOf(0);
  await eventually(() => expect(store.history.get(run)?.reason).toBe('DONE'));
  expect(scripts.started).toHaveLength(1);
  await settling.consumerBound(signal);
  expect(store.history.get(old)).toMatchObject({ reason: 'INTERRUPTED', exitCode: 121 });
  expect(scripts.started).toHaveLength(1);
});

test('what is on its way when it is told ends as 121 too, runs nothing, and gives its slot back', async () => {
  const directory = tempDir();
  const old = await waiting(directory);
  const { store, running, settling, dispatcher, bus, scripts, slots, signal } = start(directory);
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  bus.onKvGet = async () => {
    asked.resolve();
    await answer.promise;
  };
  bus.tried.set(true);
  bus.connect();
  await settling.consumerBound(signal);
  await running;
  await asked.promise;
  await settling.olderCopy();
  const holdUpTo = vi.spyOn(dispatcher, 'holdUpTo');
  const ended = settling.consumerBound(signal);
  await eventually(() => expect(holdUpTo).toHaveBeenCalled());
  answer.resolve();
  await ended;
  expect(store.history.get(old)?.reason).toBe('INTERRUPTED');
  await eventually(() => expect(slots.free).toBe(4));
  expect(scripts.started).toEqual([]);
});

test('a store that can not be read for a moment is asked again before anything is dispatched', async () => {
  const directory = tempDir();
  const run = await waiting(directory);
  const { store, running, settling, connect, signal } = start(directory, false, (opened) => {
    const inState = opened.inbox.inState.bind(opened.inbox);
    let reads = 0;
    opened.inbox.inState = (...args) => {
      reads += 1;
      if (reads === 1) throw new Error('disk I/O error');
      return inState(...args);
    };
  });
  connect();
  await settling.consumerBound(signal);
  await running;
  await eventually(() => expect(store.history.get(run)?.reason).toBe('DONE'));
});
