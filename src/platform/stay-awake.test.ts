import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CountedStayAwake } from './stay-awake.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function counted(afterMs: number) {
  const calls: string[] = [];
  const inhibitor = { start: () => void calls.push('start'), stop: () => void calls.push('stop') };
  return { calls, awake: new CountedStayAwake(inhibitor, afterMs) };
}

it('holds from the first to the last, and each lets go once', () => {
  const { calls, awake } = counted(0);
  const first = awake.hold();
  const second = awake.hold();
  first();
  first();
  expect(calls).toEqual(['start']);
  second();
  expect(calls).toEqual(['start', 'stop']);
  awake.hold()();
  expect(calls).toEqual(['start', 'stop', 'start', 'stop']);
});

it('asks nothing of the system for a short script', () => {
  const { calls, awake } = counted(1_000);
  const letGo = awake.hold();
  vi.advanceTimersByTime(999);
  letGo();
  vi.advanceTimersByTime(5_000);
  expect(calls).toEqual([]);
  awake.hold();
  vi.advanceTimersByTime(1_000);
  expect(calls).toEqual(['start']);
});

it('gives back what is held when it is closed', () => {
  const { calls, awake } = counted(0);
  const letGo = awake.hold();
  awake.close();
  letGo();
  expect(calls).toEqual(['start', 'stop']);
});
