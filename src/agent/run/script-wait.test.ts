import { describe, expect, test } from 'vitest';
import { waitsAfter } from './script-wait.ts';

const MINUTE_MS = 60_000;
const FAILED = { gotMore: false, linkUpMs: 60 * MINUTE_MS, askedMs: 60 * MINUTE_MS };

/** What is left of the patience in minutes, and in how many seconds it is asked for again. */
function minutesAndSeconds(failure: Parameters<typeof waitsAfter>[0], askedMinutes: number, passedMinutes: number) {
  const askedMs = askedMinutes * MINUTE_MS;
  const waits = waitsAfter(failure, { askedMs, leftMs: askedMs - passedMinutes * MINUTE_MS });
  if (waits === null) return null;
  const of = (kind: string) => waits.find((wait) => wait.kind === kind)?.askedMs;
  return [(of('script') ?? Number.NaN) / MINUTE_MS, (of('retry') ?? Number.NaN) / 1_000];
}

describe('a script that can not be fetched is waited for', () => {
  test('for ten minutes from the first time on, and asked for again soon at first', () => {
    expect(waitsAfter(FAILED, null)).toEqual([
      { kind: 'script', askedMs: 10 * MINUTE_MS, restart: true },
      { kind: 'retry', askedMs: 1_000, restart: true },
    ]);
    expect(minutesAndSeconds(FAILED, 10, 1)).toEqual([9, 15]);
    expect(minutesAndSeconds(FAILED, 9, 4)).toEqual([5, 30]);
    // Its end is not overslept.
    expect(minutesAndSeconds(FAILED, 0.2, 0.1)).toEqual([0.1, 6]);
    expect(minutesAndSeconds(FAILED, 1, 1)).toBeNull();
  });

  test('of the time since then only what had a broker counts', () => {
    expect(minutesAndSeconds({ ...FAILED, linkUpMs: MINUTE_MS }, 5, 600)?.[0]).toBe(4);
    expect(minutesAndSeconds({ ...FAILED, linkUpMs: 0 }, 5, 600)?.[0]).toBe(5);
  });

  test('of the time with one only what it was asked for and the pause before that count', () => {
    // Half a minute after five, and a second after none; what came then, an update or a wait for a connection, is no pause.
    expect(minutesAndSeconds({ ...FAILED, askedMs: MINUTE_MS }, 5, 20)?.[0]).toBe(3.5);
    expect(minutesAndSeconds({ ...FAILED, askedMs: 0 }, 5, 20)?.[0]).toBe(4.5);
    expect(minutesAndSeconds({ ...FAILED, askedMs: 59_000 }, 10, 20)?.[0]).toBe(9);
    // Of one that a connection has cut short no more than what has passed.
    expect(minutesAndSeconds({ ...FAILED, askedMs: 0 }, 5, 0.1)?.[0]).toBe(4.9);
  });

  test('without a broker nothing counts and nothing is noted but that it waits', () => {
    const waits = waitsAfter({ ...FAILED, linkUpMs: null }, { askedMs: 1, leftMs: -1 });
    expect(waits?.map(({ kind }) => kind)).toEqual(['retry']);
  });

  test('from the start, as long as more of it comes', () => {
    expect(minutesAndSeconds({ ...FAILED, gotMore: true }, 1, 5)?.[0]).toBe(10);
  });
});
