import { expect, test } from 'vitest';
import { REASONS } from './outcomes.ts';
import { toldTimes } from './run-times.ts';

const [startedAtMs, finishedAtMs] = [1_000, 2_000];

test('an end is told where it is known: not of what nobody saw end, nor of what could not begin', () => {
  for (const reason of REASONS) {
    const told = toldTimes({ reason, startedAtMs, finishedAtMs });
    if (reason === 'INTERRUPTED') expect(told).toEqual({ startedAtMs, finishedAtMs: null, foundAtMs: finishedAtMs });
    else if (reason === 'START_FAILED')
      expect(told).toEqual({ startedAtMs: null, finishedAtMs: null, foundAtMs: null });
    else expect(told).toEqual({ startedAtMs, finishedAtMs, foundAtMs: null });
  }
  expect(toldTimes({ reason: 'DEADLINE', startedAtMs: null, finishedAtMs })).toMatchObject({ finishedAtMs: null });
});
