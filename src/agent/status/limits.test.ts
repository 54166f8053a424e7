import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/status.ts';
import { ACTIONS, LOOP_TIME, READS, TokenBucket } from './limits.ts';

function taken(bucket: TokenBucket, tries: number): number {
  return Array.from({ length: tries }, () => bucket.take()).filter((waitMs) => waitMs === 0).length;
}

test('reads: a burst of 120, then 60 a second', () => {
  const clock = new ManualClock();
  const bucket = new TokenBucket(READS, clock);
  expect(taken(bucket, 200)).toBe(120);
  clock.forward(1_000);
  expect(taken(bucket, 200)).toBe(60);
  clock.forward(3_600_000);
  expect(taken(bucket, 200)).toBe(120);
});

test('actions: 60, then one a second', () => {
  const clock = new ManualClock();
  const bucket = new TokenBucket(ACTIONS, clock);
  expect(taken(bucket, 100)).toBe(60);
  clock.forward(10_000);
  expect(taken(bucket, 100)).toBe(10);
});

test('a refusal says when the next call is taken, and takes nothing itself', () => {
  const clock = new ManualClock();
  const bucket = new TokenBucket(ACTIONS, clock);
  taken(bucket, 60);
  clock.forward(400);
  expect([bucket.take(), bucket.take()]).toEqual([600, 600]);
  clock.forward(600);
  expect(bucket.take()).toBe(0);
});

test('what was used before it was counted is a debt that has to be waited for', () => {
  const clock = new ManualClock();
  const bucket = new TokenBucket(LOOP_TIME, clock);
  bucket.spend(2_000);
  expect(bucket.debtMs()).toBe(0);
  bucket.spend(50);
  expect(bucket.debtMs()).toBe(100);
  clock.forward(100);
  expect(bucket.debtMs()).toBe(0);
});
