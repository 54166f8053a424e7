import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { ManualClock } from '../../../test/support/status.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { silentLogger } from '../../base/logger.ts';
import { WatchedCell } from '../../base/watched.ts';
import type { ConnectionState } from '../../shared/states.ts';
import type { LinkStatus } from '../bus/bus.ts';
import type { LinkStates } from '../store/link-states.ts';
import { NOTE_EVERY_MS, startLinkHistory } from './link-history.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => vi.useRealTimers());

const T0 = 1_000_000;

function linkAt(state: ConnectionState, why: string | null = null): LinkStatus {
  return { state, why, sinceMs: 0, lastGoodAtMs: null, server: null, maxPayloadBytes: 1 };
}

function rig(directory = tempDir(), clock = new ManualClock(), state: ConnectionState = 'starting') {
  if (clock.atMs > Date.UTC(2026, 0)) clock.atMs = T0;
  const store = testStore(directory, clock);
  const link = new WatchedCell<LinkStatus>(linkAt(state));
  const begins = vi.spyOn(store.linkStates, 'begin');
  const history = startLinkHistory({ link, states: store.linkStates, clock, log: silentLogger });
  /** Moves the clock and the timer together, as on a PC that is awake. */
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= NOTE_EVERY_MS) {
      clock.forward(Math.min(left, NOTE_EVERY_MS));
      if (left >= NOTE_EVERY_MS) vi.advanceTimersByTime(NOTE_EVERY_MS);
    }
  };
  /** From the store, once what was submitted is in it. */
  const shown = async () => {
    await store.audit.append({ atMs: 0, account: '', action: '', detail: '' });
    return history
      .spans(0, 100)
      .map(({ state, fromMs, untilMs }) => [state, (fromMs - T0) / 1_000, (untilMs - T0) / 1_000]);
  };
  return { store, link, clock, history, pass, shown, begins };
}

test('each state is kept with its beginning and its end, the present one until now', async () => {
  const { link, pass, shown } = rig();
  pass(2_000);
  link.set(linkAt('connected'));
  pass(600_000);
  link.set(linkAt('unreachable', 'timeout'));
  pass(30_000);
  expect(await shown()).toEqual([
    ['unreachable', 602, 632],
    ['connected', 2, 602],
    ['starting', 0, 2],
  ]);
});

test('tries that fail for ever other reasons are one row, with the last reason', async () => {
  const { link, pass, history, begins, store } = rig();
  link.set(linkAt('unreachable', 'timeout'));
  for (let time = 0; time < 50; time++) link.set(linkAt('unreachable', `refused by server ${time}`));
  pass(NOTE_EVERY_MS);
  expect(begins).toHaveBeenCalledTimes(2);
  expect(history.spans(0, 10)[0]?.why).toBe('refused by server 49');
  history.close();
  await eventually(() => expect(store.linkStates.list(0, 10)[0]?.why).toBe('refused by server 49'));
});

test('of the time in which the PC slept nothing is claimed', async () => {
  const { link, clock, pass, shown } = rig();
  link.set(linkAt('connected'));
  pass(120_000);
  clock.forward(8 * 3_600_000);
  vi.advanceTimersByTime(NOTE_EVERY_MS);
  expect(await shown()).toEqual([
    ['connected', 28_920, 28_920],
    ['connected', 0, 120],
    ['starting', 0, 0],
  ]);
  // Also where the end of the connection is the first thing that is heard.
  clock.forward(3_600_000);
  link.set(linkAt('unreachable', 'gone'));
  expect((await shown()).slice(0, 2)).toEqual([
    ['unreachable', 32_520, 32_520],
    ['connected', 28_920, 28_920],
  ]);
});

test('a later process goes on where the first one stopped, and says nothing of the time between them', async () => {
  const directory = tempDir();
  const first = rig(directory);
  first.link.set(linkAt('connected'));
  first.pass(90_000);
  first.history.close();
  await first.store.close();
  const clock = new ManualClock();
  clock.atMs = T0 + 500_000;
  const second = rig(directory, clock);
  second.pass(10_000);
  expect(await second.shown()).toEqual([
    ['starting', 500, 510],
    ['connected', 0, 90],
    ['starting', 0, 0],
  ]);
});

test('one that is killed has claimed no more than what it had noted', async () => {
  const directory = tempDir();
  const { store, link, pass } = rig(directory);
  link.set(linkAt('connected'));
  pass(NOTE_EVERY_MS + 20_000);
  await store.close();
  const later = testStore(directory);
  expect(later.linkStates.list(0, 1)[0]).toMatchObject({ state: 'connected', untilMs: T0 + NOTE_EVERY_MS });
});

test('a state whose beginning could not be stored lengthens none before it', async () => {
  const { link, pass, shown, begins } = rig();
  link.set(linkAt('connected'));
  pass(120_000);
  begins.mockImplementation(() => Promise.reject(new Error('disk is full')));
  link.set(linkAt('unreachable', 'timeout'));
  pass(600_000);
  link.set(linkAt('connected'));
  begins.mockRestore();
  pass(60_000);
  expect(await shown()).toEqual([
    ['connected', 720, 780],
    ['unreachable', 120, 720],
    ['connected', 0, 120],
    ['starting', 0, 0],
  ]);
});

test('a store that takes nothing is no reason to stop looking', async () => {
  const clock = new ManualClock();
  const link = new WatchedCell<LinkStatus>(linkAt('connected'));
  const full = () => Promise.reject(new Error('disk is full'));
  const states = { begin: full, extend: full, list: () => [] } as unknown as LinkStates;
  const history = startLinkHistory({ link, states, clock, log: silentLogger });
  link.set(linkAt('refused', 'no'));
  expect(history.spans(0, 5)).toMatchObject([{ state: 'refused' }]);
  history.close();
});
