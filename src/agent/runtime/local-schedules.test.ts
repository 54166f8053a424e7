import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/schedule-rig.ts';
import { askedOnce, readConditions } from './local-schedules.ts';

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
