import { expect, onTestFinished, test, vi } from 'vitest';
import { during } from '../../../test/support/duties.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { testRelease, testTrust } from '../../../test/support/releases.ts';
import { ManualClock } from '../../../test/support/status.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { ioError } from '../../../test/support/unreadable.ts';
import { NO_BACKOFF } from '../../base/backoff.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import { Timeline } from '../../base/timeline.ts';
import { orAbort } from '../../base/waiting.ts';
import { WatchedCell } from '../../base/watched.ts';
import type { UpdateView } from '../../shared/agent-status.ts';
import type { Store } from '../store/store.ts';
import { UpdateNotes } from '../store/update-notes.ts';
import type { Release } from '../update/manifest.ts';
import type { PrepareEvents } from './one-update.ts';
import type { Prepared } from './prepare-update.ts';
import type { Offer } from './release-lookup.ts';
import { startUpdateTaking, type UpdateTakingOptions } from './update-taking.ts';

const { keys } = testTrust();
const HOUR_MS = 3_600_000;
const NOON_MS = new Date('2026-12-01T12:00:00').getTime();
const READY: Prepared = { kind: 'ready' };
const later = (why: 'link' | 'room', moved = false): Prepared => ({ kind: 'later', why, detail: '', moved });

function offerOf(changes: Partial<Release> = {}): Offer {
  const release = testRelease(keys, Buffer.from('package'), changes);
  return { release, manifest: JSON.stringify(changes), start: { nuid: 'x', sequence: 0 } };
}

/** Its wall clock is ahead until somebody puts it right. */
class ClockAhead extends ManualClock {
  aheadMs = 9 * HOUR_MS;

  constructor() {
    super();
    this.atMs = NOON_MS;
  }

  override nowMs = () => this.atMs + this.aheadMs;
}

interface RigOptions extends Partial<Omit<UpdateTakingOptions, 'clock' | 'timeline'>> {
  readonly store?: Store;
  readonly clock?: ManualClock;
  /** What each try comes to; the last one stays. */
  readonly outcomes?: readonly Prepared[];
}

function noon(): ManualClock {
  const clock = new ManualClock();
  clock.atMs = NOON_MS;
  return clock;
}

function rig({ store = testStore(tempDir()), clock = noon(), outcomes = [READY], ...more }: RigOptions = {}) {
  const view: UpdateView = { state: 'available', installed: '1.0.0', wanted: '2.0.0', reason: null, release: null };
  const status = new WatchedCell<UpdateView>(view);
  const offer = new WatchedCell<Offer | null>(null);
  const bus = new FakeBus();
  const commands = {
    isIdle: true,
    holds: [] as boolean[],
    hold(holds: boolean) {
      this.holds.push(holds);
    },
  };
  const seen = { tries: 0, switched: [] as number[], shown: [] as string[] };
  const taking = during(
    startUpdateTaking({
      watch: { status, offer },
      begin: Promise.resolve(),
      notes: store.updateNotes,
      prepare: async (_offer, on: PrepareEvents) => {
        on.onProgress(3);
        on.onFetched();
        seen.tries += 1;
        return outcomes[Math.min(seen.tries, outcomes.length) - 1] ?? READY;
      },
      link: bus.link,
      commands,
      switchTo: async ({ release }) => {
        seen.switched.push(release.serial);
        return null;
      },
      jitterMs: () => 0,
      window: null,
      pauseUntilMs: 0,
      deferHoursMax: 24,
      failures: 0,
      clock,
      timeline: new Timeline(clock, 'this start of the system'),
      log: silentLogger,
      backoff: NO_BACKOFF,
      reconnectSpreadMs: 0,
      ...more,
    }),
  );
  taking.status.watch(({ state, taking: { waitsFor } = { waitsFor: null } }) => {
    const shown = waitsFor === null ? state : `${state} for ${waitsFor}`;
    if (seen.shown.at(-1) !== shown) seen.shown.push(shown);
  });
  const switched = (...serials: number[]) => eventually(() => expect(seen.switched).toEqual(serials));
  const waitsFor = (what: string) => eventually(() => expect(seen.shown.at(-1)).toContain(what));
  return { store, clock, status, offer, bus, commands, seen, taking, switched, waitsFor };
}

test('it is prepared, then commands are held, then it switches; each step is shown', async () => {
  const { offer, seen, commands, switched } = rig();
  offer.set(offerOf({ serial: 7 }));
  await switched(7);
  expect(commands.holds).toEqual([true]);
  expect(seen.shown).toEqual(['waiting for turn', 'downloading', 'verified', 'verified for tasks', 'installing']);
});

test('what fails is tried again, and nothing of it is tried under an offer that has gone', async () => {
  const { offer, seen, switched } = rig({ outcomes: [later('link'), later('room'), READY] });
  offer.set(offerOf({ serial: 7 }));
  await switched(7);
  expect(seen.tries).toBe(3);
  const gone = rig({ outcomes: [later('link')], backoff: { minMs: HOUR_MS, maxMs: HOUR_MS, jitter: 0 } });
  gone.offer.set(offerOf({ serial: 8 }));
  await gone.waitsFor('link');
  gone.offer.set(null);
  gone.status.set({ ...gone.status.value, state: 'none', wanted: null });
  expect(gone.taking.status.value.state).toBe('none');
  gone.offer.set(offerOf({ serial: 9 }));
  await eventually(() => expect(gone.seen.tries).toBe(2));
});

test('a link that is down is waited for, and counts as no failure', async () => {
  let tries = 0;
  const prepare = async (): Promise<Prepared> => {
    tries += 1;
    if (tries > 1) return READY;
    bus.disconnect();
    return later('link');
  };
  const { offer, bus, waitsFor, switched } = rig({ prepare, backoff: { minMs: HOUR_MS, maxMs: HOUR_MS, jitter: 0 } });
  bus.disconnect();
  offer.set(offerOf({ serial: 7 }));
  await waitsFor('link');
  expect(tries).toBe(0);
  bus.connect();
  // It breaks off again in the middle.
  await eventually(() => expect(tries).toBe(1));
  await waitsFor('link');
  bus.connect();
  await switched(7);
});

test('what is unfit here is not tried again, also after a restart, but under a higher number', async () => {
  const unfit: Prepared = { kind: 'unfit', why: 'store', detail: '' };
  const { store, offer, seen, taking, waitsFor } = rig({ outcomes: [unfit] });
  offer.set(offerOf({ serial: 7 }));
  await waitsFor('rolled_back');
  expect(taking.status.value.undone).toMatchObject({ version: '2.0.0', why: 'store' });
  expect(seen.tries).toBe(1);
  await taking.close();
  const again = rig({ store });
  again.offer.set(offerOf({ serial: 7 }));
  await again.waitsFor('rolled_back');
  again.offer.set(offerOf({ serial: 8 }));
  await again.switched(8);
});

test('scripts that go on for too long come first; the update lets go of the commands and comes again', async () => {
  const { offer, commands, seen, switched } = rig({ holdMs: 0, holdAgainMs: 0 });
  commands.isIdle = false;
  offer.set(offerOf({ serial: 7 }));
  await eventually(() => expect(commands.holds.length).toBeGreaterThan(3));
  expect(seen.switched).toEqual([]);
  expect(commands.holds.slice(0, 4)).toEqual([true, false, true, false]);
  commands.isIdle = true;
  await switched(7);
  // What lies ready is not made again.
  expect(seen.tries).toBe(1);
});

test('who puts it off while it waits for a script gets that, and the commands go on', async () => {
  const { offer, commands, seen, taking, waitsFor, switched } = rig();
  commands.isIdle = false;
  offer.set(offerOf({ serial: 7 }));
  await waitsFor('tasks');
  expect(await taking.schedule(NOON_MS + HOUR_MS)).toBe('taken');
  await waitsFor('person');
  commands.isIdle = true;
  expect(commands.holds).toEqual([true, false]);
  expect(seen.switched).toEqual([]);
  expect(await taking.schedule(null)).toBe('taken');
  await switched(7);
});

test('what its set-up does not come to is tried again, and commands go on meanwhile', async () => {
  let tries = 0;
  const { offer, commands, seen } = rig({
    switchTo: async () => {
      tries += 1;
      return tries < 3 ? 'the set-up ended with 1618' : null;
    },
  });
  offer.set(offerOf({ serial: 7 }));
  await eventually(() => expect(tries).toBe(3));
  expect(commands.holds).toEqual([true, false, true, false, true]);
  expect(seen.shown).toContain('waiting for setup');
  // It may have taken away what lay ready.
  expect(seen.tries).toBe(3);
});

test('each time that its set-up does not come to it, or its signature has expired by then, it waits for longer', async () => {
  const waits: unknown[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (_message, fields = {}) => waits.push([fields.for, fields.wait_ms]),
  };
  const backoff = { minMs: 1, maxMs: 16, jitter: 0 };
  let tries = 0;
  const { offer } = rig({ backoff, log, switchTo: async () => (++tries < 5 ? 'the set-up ended with 1618' : null) });
  offer.set(offerOf({ serial: 7 }));
  await eventually(() => expect(tries).toBe(5));
  expect(waits).toEqual([1, 2, 4, 8].map((ms) => ['setup', ms]));
  waits.length = 0;
  const expired = rig({ backoff, log });
  expired.offer.set(offerOf({ serial: 7, expires: NOON_MS }));
  await eventually(() => expect(waits.length).toBeGreaterThanOrEqual(4));
  expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8].map((ms) => ['package', ms]));
});

test('where a set-up has been begun and this is still the version before, the next process waits first', async () => {
  const { offer, store, waitsFor } = rig({ backoff: { minMs: HOUR_MS, maxMs: HOUR_MS, jitter: 0 } });
  const one = offerOf({ serial: 7 });
  await store.updateNotes.noteWait({
    manifest: one.manifest,
    jitterMs: 0,
    drawn: store.timeline.now(),
    ready: null,
    postponedToMs: null,
    handOversBegun: 1,
  });
  offer.set(one);
  await waitsFor('setup');
});

test('a stop in the middle lets go of the commands', async () => {
  const { offer, commands, taking } = rig();
  commands.isIdle = false;
  offer.set(offerOf());
  await eventually(() => expect(commands.holds).toEqual([true]));
  await taking.close();
  expect(commands.holds).toEqual([true, false]);
});

test('not before the pause is over, and not outside of the window', async () => {
  const paused = rig({ pauseUntilMs: NOON_MS + HOUR_MS });
  paused.offer.set(offerOf());
  await paused.waitsFor('pause');
  expect(paused.seen.tries).toBe(0);
  const closed = rig({ window: { from: 22 * 60, to: 5 * 60 } });
  closed.offer.set(offerOf());
  await closed.waitsFor('verified for window');
  expect(closed.taking.status.value.taking?.notBeforeMs).toBe(new Date('2026-12-01T22:00:00').getTime());
  expect(closed.seen.switched).toEqual([]);
});

test('the turn is drawn once for a manifest, and a restart does not draw again', async () => {
  const { store, offer, taking, waitsFor } = rig({ jitterMs: () => 100 * HOUR_MS });
  offer.set(offerOf({ serial: 7 }));
  await waitsFor('turn');
  const wait = await eventually(() => {
    const { wait: found } = store.updateNotes;
    if (found === null) throw new Error('not drawn yet');
    return found;
  });
  expect(wait.drawn.wallMs).toBe(NOON_MS);
  await taking.close();
  const again = rig({ store, jitterMs: () => 100 * HOUR_MS });
  again.offer.set(offerOf({ serial: 7 }));
  await again.waitsFor('turn');
  expect(store.updateNotes.wait).toEqual(wait);
});

test('the person puts it off, within what IT allows, and takes that back', async () => {
  const { offer, taking, waitsFor, seen } = rig({ window: { from: 22 * 60, to: 5 * 60 }, deferHoursMax: 12 });
  expect(await taking.schedule(NOON_MS)).toBe('refused');
  offer.set(offerOf({ serial: 7 }));
  await waitsFor('window');
  expect(taking.status.value.taking?.deferUntilMs).toBe(NOON_MS + 12 * HOUR_MS);
  expect(await taking.schedule(NOON_MS + 13 * HOUR_MS)).toBe('refused');
  expect(await taking.schedule(NOON_MS + 11 * HOUR_MS)).toBe('taken');
  await waitsFor('person');
  expect(await taking.schedule(NOON_MS + 11 * HOUR_MS)).toBe('unchanged');
  expect(await taking.schedule(null)).toBe('taken');
  await waitsFor('window');
  expect(taking.status.value.taking?.putOff).toBeUndefined();
  // IT's hours come later: it is put off all the same.
  expect(await taking.schedule(NOON_MS + 1 * HOUR_MS)).toBe('taken');
  await eventually(() => expect(taking.status.value.taking).toMatchObject({ waitsFor: 'window', putOff: true }));
  expect(await taking.schedule(null)).toBe('taken');
  await eventually(() => expect(taking.status.value.taking?.putOff).toBeUndefined());
  expect(seen.switched).toEqual([]);
  const never = rig({ deferHoursMax: 0, holdMs: HOUR_MS });
  never.commands.isIdle = false;
  never.offer.set(offerOf({ serial: 8 }));
  await never.waitsFor('tasks');
  expect(await never.taking.schedule(NOON_MS + HOUR_MS)).toBe('refused');
  never.commands.isIdle = true;
  await never.switched(8);
});

test('another manifest under the same number is another update: what was made ready of the one before is not switched to', async () => {
  const tried: string[] = [];
  const prepare = async (of: Offer): Promise<Prepared> => {
    tried.push(of.release.sha256);
    return READY;
  };
  const { offer, commands, seen, switched } = rig({ prepare });
  // Until then it waits, as for the window of IT.
  commands.isIdle = false;
  const stolen = offerOf({ serial: 7, sha256: 'a'.repeat(64) });
  const signedAgain = offerOf({ serial: 7, sha256: 'b'.repeat(64) });
  offer.set(stolen);
  await eventually(() => expect(seen.shown.at(-1)).toContain('tasks'));
  offer.set(signedAgain);
  await eventually(() => expect(tried).toEqual(['a'.repeat(64), 'b'.repeat(64)]));
  commands.isIdle = true;
  await switched(7);
  expect(seen.switched).toEqual([7]);
  expect(tried.at(-1)).toBe(signedAgain.release.sha256);
});

test('while the one before still does something, the next does not begin', async () => {
  const done: string[] = [];
  const last = Promise.withResolvers<void>();
  const prepare = async ({ release: { serial } }: Offer): Promise<Prepared> => {
    done.push(`${serial} begins`);
    // As a copy that is not broken off.
    if (serial === 7) await last.promise;
    done.push(`${serial} ends`);
    return READY;
  };
  const { offer, seen, switched } = rig({ prepare });
  offer.set(offerOf({ serial: 7 }));
  await eventually(() => expect(done).toEqual(['7 begins']));
  offer.set(offerOf({ serial: 8 }));
  // One that ends before it has begun: who comes then waits as well.
  offer.set(offerOf({ serial: 9 }));
  await eventually(() => expect(seen.shown.at(-1)).toBe('waiting for turn'));
  last.resolve();
  await switched(9);
  expect(done).toEqual(['7 begins', '7 ends', '9 begins', '9 ends']);
});

test('what is offered no more in the last moment is not switched to, and commands go on', async () => {
  const { offer, commands, switched } = rig();
  let asked = 0;
  Object.defineProperty(commands, 'isIdle', {
    get() {
      asked += 1;
      if (asked === 1) offer.set(offerOf({ serial: 8 }));
      return true;
    },
  });
  offer.set(offerOf({ serial: 7 }));
  await switched(8);
  expect(commands.holds).toEqual([true, false, true]);
});

test('at a stop the end of what is done is waited for', async () => {
  const done: string[] = [];
  const last = Promise.withResolvers<void>();
  const prepare = async (): Promise<Prepared> => {
    done.push('begins');
    await last.promise;
    done.push('ends');
    return READY;
  };
  const { offer, taking } = rig({ prepare });
  offer.set(offerOf({ serial: 7 }));
  await eventually(() => expect(done).toEqual(['begins']));
  const closed = taking.close().then(() => done.push('closed'));
  last.resolve();
  await closed;
  expect(done).toEqual(['begins', 'ends', 'closed']);
});

test('after a process that ended while it copied the store the next one does not do so at once', async () => {
  const store = testStore(tempDir());
  const prepare = async (_offer: Offer, on: PrepareEvents, signal: AbortSignal): Promise<Prepared> => {
    await on.countCopy(() => sleep(HOUR_MS, signal));
    return READY;
  };
  const killed = rig({ store, prepare });
  killed.offer.set(offerOf({ serial: 7 }));
  await eventually(() => expect(store.updateNotes.wait?.copiesBegun).toBe(1));
  const again = rig({ store, backoff: { minMs: HOUR_MS, maxMs: HOUR_MS, jitter: 0 } });
  again.offer.set(offerOf({ serial: 7 }));
  await again.waitsFor('self_test');
  expect(again.seen.tries).toBe(0);
});

/** What is read of the notes by that number, and only that, meets a page that the disk does not give; returns how many were read. */
function failingRead(store: Store, failing: number): { readonly reads: number } {
  const notes = store.updateNotes;
  const counted = { reads: 0 };
  for (const name of ['wait', 'undone'] as const) {
    Object.defineProperty(notes, name, {
      get: () => {
        counted.reads += 1;
        if (counted.reads === failing) throw ioError();
        return Reflect.get(UpdateNotes.prototype, name, notes);
      },
    });
  }
  return counted;
}

test('whichever read of the store fails, the update is taken after all, and no command is held for longer', async () => {
  let reads = Number.POSITIVE_INFINITY;
  for (let failing = 1; failing <= reads; failing++) {
    const store = testStore(tempDir());
    const offered = offerOf({ serial: 7 });
    const drawn = { jitterMs: 0, drawn: new Timeline(noon(), 'this start of the system').now() };
    const copying = { manifest: offered.manifest, ...drawn, ready: null, postponedToMs: null, copiesBegun: 1 };
    await store.updateNotes.noteWait(copying);
    const { offer, commands, switched } = rig({ store });
    const counted = failingRead(store, failing);
    offer.set(offered);
    await switched(7);
    const held = commands.holds.filter((holds) => holds).length;
    expect([failing, commands.holds]).toEqual([failing, Array.from({ length: 2 * held - 1 }, (_, at) => at % 2 === 0)]);
    reads = Math.min(reads, counted.reads);
  }
  expect(reads).toBeGreaterThan(10);
});

test('what fails in the last moment lets go of the commands, and is tried again', async () => {
  const serials: number[] = [];
  const { offer, commands } = rig({
    switchTo: ({ release }) => {
      serials.push(release.serial);
      if (serials.length === 1) throw new Error('a bug');
      return Promise.resolve(null);
    },
  });
  offer.set(offerOf({ serial: 7 }));
  await eventually(() => expect(serials).toEqual([7, 7]));
  expect(commands.holds).toEqual([true, false, true]);
});

test('what is handed over and offered no more holds commands until that is over, since it still ends us; then comes the next', async () => {
  const over = Promise.withResolvers<string>();
  const given: { readonly serial: number; readonly signal: AbortSignal }[] = [];
  const { offer, commands } = rig({
    switchTo: ({ release: { serial } }, signal) => {
      given.push({ serial, signal });
      return serial === 7 ? orAbort(over.promise, signal) : Promise.resolve(null);
    },
  });
  offer.set(offerOf({ serial: 7 }));
  await eventually(() => expect(given).toHaveLength(1));
  offer.set(null);
  offer.set(offerOf({ serial: 8 }));
  expect([given[0]?.signal.aborted, commands.holds]).toEqual([false, [true]]);
  over.resolve('the set-up has not stopped this agent');
  await eventually(() => expect(given.map(({ serial }) => serial)).toEqual([7, 8]));
  expect(commands.holds).toEqual([true, false, true]);
});

test.each(['still offered', 'offered no more'])(
  'a stop, of which what is handed over asks, begins no command (%s)',
  async (how) => {
    const handOver = (_offer: Offer, signal: AbortSignal) => orAbort(new Promise<null>(() => {}), signal);
    const { offer, commands, taking, waitsFor } = rig({ switchTo: handOver });
    offer.set(offerOf({ serial: 7 }));
    await waitsFor('installing');
    if (how === 'offered no more') offer.set(null);
    await taking.close();
    expect(commands.holds).toEqual([true]);
  },
);

test('a copy that came to an end counts no more, however it ended', async () => {
  const store = testStore(tempDir());
  const tries: number[] = [];
  const prepare = async (_offer: Offer, on: PrepareEvents): Promise<Prepared> => {
    await on.countCopy(async () => {
      tries.push(store.updateNotes.wait?.copiesBegun ?? 0);
      if (tries.length === 1) throw new Error('the disk takes nothing');
    });
    return READY;
  };
  const { offer, switched } = rig({ store, prepare });
  offer.set(offerOf({ serial: 7 }));
  await switched(7);
  expect(tries).toEqual([1, 1]);
  expect(store.updateNotes.wait?.copiesBegun).toBe(0);
});

test('a clock that is put right while a PC waits for its turn makes it wait no longer', async () => {
  const clock = new ClockAhead();
  clock.monotonicMs = () => performance.now();
  const beganMs = performance.now();
  clock.upMs = () => performance.now();
  clock.nowMs = () => NOON_MS + clock.aheadMs + performance.now() - beganMs;
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
  onTestFinished(() => random.mockRestore());
  const { offer, taking, switched } = rig({ clock, jitterMs: () => 1_000 });
  taking.status.watch((view) => {
    if (typeof view.taking?.notBeforeMs === 'number') clock.aheadMs = 0;
  });
  offer.set(offerOf({ serial: 7 }));
  await switched(7);
  expect(clock.aheadMs).toBe(0);
});

test('nor does one that is put right over a restart, also of what the person may put off', async () => {
  const store = testStore(tempDir());
  const clock = new ClockAhead();
  const jitter = { jitterMs: () => 2 * HOUR_MS, window: { from: 22 * 60, to: 23 * 60 }, deferHoursMax: 12 };
  const first = rig({ store, clock, ...jitter });
  first.offer.set(offerOf({ serial: 7 }));
  await eventually(() => expect(store.updateNotes.wait).not.toBeNull());
  await first.taking.close();
  clock.aheadMs = 0;
  clock.forward(2 * HOUR_MS);
  const second = rig({ store, clock, ...jitter });
  second.offer.set(offerOf({ serial: 7 }));
  await second.waitsFor('window');
  await second.taking.close();
  clock.aheadMs = 9 * HOUR_MS;
  clock.forward(HOUR_MS);
  const third = rig({ store, clock, ...jitter });
  third.offer.set(offerOf({ serial: 7 }));
  await eventually(() => expect(third.taking.status.value.taking?.deferUntilMs).toBe(clock.nowMs() + 11 * HOUR_MS));
});
