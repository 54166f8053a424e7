import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { ManualClock } from '../../../test/support/schedule-rig.ts';
import { ioError } from '../../../test/support/unreadable.ts';
import { silentLogger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { WatchedCell } from '../../base/watched.ts';
import { askedOnce, readAtChanges, readConditions } from './local-schedules.ts';

const ALL = { cpuBelow: null, acPower: true, idleMs: 60_000, network: true };
const never = () => new Promise<never>(() => {});

test('what is not told in time, or not at all, is not known, and holds up nothing else', async () => {
  const here = { acPower: async () => true, idleMs: never, network: () => Promise.reject(new Error('no such call')) };
  expect(await readConditions(here, ALL, 10)).toEqual({ acPower: true, idleMs: null, network: null });
});

test('only what is required is asked for', async () => {
  const asked: string[] = [];
  const tell = (name: string) => async () => {
    asked.push(name);
    return null;
  };
  const here = { acPower: tell('power'), idleMs: tell('idle'), network: tell('network') };
  await readConditions(here, { ...ALL, acPower: false, network: false });
  expect(asked).toEqual(['idle']);
});

test('what very many schedules require at the same time is asked for once', async () => {
  let asked = 0;
  const clock = new ManualClock();
  const ask = async () => {
    asked += 1;
    return null;
  };
  const here = askedOnce({ tells: new Set(), acPower: ask, idleMs: ask, network: async () => true }, clock);
  await Promise.all(Array.from({ length: 300 }, () => readConditions(here, { ...ALL, idleMs: null })));
  expect(asked).toBe(1);
  clock.advance(6_000);
  expect(await readConditions(here, ALL)).toMatchObject({ network: true });
  expect(asked).toBe(3);
});

test('what is shown of the schedules is told once for all changes of a turn, and later where the store can not be read', async () => {
  const changes = new WatchedCell(0);
  let [reads, isAway] = [0, false];
  const read = () => {
    reads += 1;
    if (isAway) throw ioError();
    return changes.value;
  };
  const told: number[] = [];
  onTestFinished(readAtChanges(changes, read, silentLogger).watch((value) => told.push(value)));
  for (let at = 1; at <= 300; at++) changes.set(at);
  await loopTurn();
  await loopTurn();
  expect([told, reads]).toEqual([[300], 1]);
  isAway = true;
  changes.set(301);
  await eventually(() => expect(reads).toBe(2));
  isAway = false;
  await eventually(() => expect(told).toEqual([300, 301]));
});
