import { describe, expect, test } from 'vitest';
import { backoffMs, NO_BACKOFF } from './backoff.ts';
import { clampTimerMs, MAX_TIMER_MS, sleep } from './sleep.ts';
import { until, WatchedCell } from './watched.ts';

describe('backoff', () => {
  const policy = { minMs: 100, maxMs: 1_000, jitter: 0.5 };

  test('doubles up to its limit, and jitter only shortens it', () => {
    expect([0, 1, 2, 3, 4, 99].map((attempt) => backoffMs(policy, attempt, () => 0))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    expect(backoffMs(policy, 4, () => 1)).toBe(500);
    expect(backoffMs(NO_BACKOFF, 7)).toBe(0);
  });
});

describe('sleep', () => {
  test('no duration from outside leaves the range of a timer', () => {
    expect([Number.NaN, -5, 0, 7, 2 ** 31, Number.POSITIVE_INFINITY].map(clampTimerMs)).toEqual([
      0,
      0,
      0,
      7,
      MAX_TIMER_MS,
      MAX_TIMER_MS,
    ]);
  });

  test('ends with the reason of its signal, before and while it waits', async () => {
    const abort = new AbortController();
    const waiting = sleep(60_000, abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(sleep(60_000, abort.signal)).rejects.toThrow('enough');
  });
});

describe('a watched value', () => {
  test('tells each change once, and nobody who has stopped watching', () => {
    const cell = new WatchedCell(1);
    const seen: number[] = [];
    const stop = cell.watch((value) => seen.push(value));
    cell.set(1);
    cell.set(2);
    stop();
    cell.set(3);
    expect([seen, cell.value]).toEqual([[2], 3]);
  });

  test('can be waited for, until aborted', async () => {
    const cell = new WatchedCell('a');
    const reached = until(cell, (value) => value === 'c');
    cell.set('b');
    cell.set('c');
    expect(await reached).toBe('c');
    expect(await until(cell, (value) => value === 'c')).toBe('c');
    const abort = new AbortController();
    const never = until(cell, (value) => value === 'z', abort.signal);
    abort.abort(new Error('enough'));
    await expect(never).rejects.toThrow('enough');
  });
});
