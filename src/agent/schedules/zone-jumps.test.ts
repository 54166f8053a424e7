import { expect, test } from 'vitest';
import { ZoneJumps } from './zone-jumps.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse('2026-11-30T23:30:20Z');

function jumpsFrom(zone: string): ZoneJumps {
  const jumps = new ZoneJumps();
  jumps.begin(() => zone);
  return jumps;
}

test('a clock that is put forward jumps over as much, also over midnight', () => {
  expect(jumpsFrom('UTC').changed('Asia/Tokyo', NOW_MS)).toBe(NOW_MS - 9 * HOUR_MS);
  expect(jumpsFrom('Asia/Tokyo').changed('Asia/Kolkata', NOW_MS)).toBe(NOW_MS);
  expect(jumpsFrom('UTC').changed('UTC', NOW_MS)).toBe(NOW_MS);
});

test('what a zone has had before it was left is not jumped over when it comes back', () => {
  const jumps = jumpsFrom('Asia/Tokyo');
  jumps.changed('UTC', NOW_MS);
  expect(jumps.changed('Asia/Tokyo', NOW_MS + HOUR_MS)).toBe(NOW_MS);
  jumps.changed('UTC', NOW_MS + HOUR_MS);
  expect(jumps.changed('Asia/Tokyo', NOW_MS + 24 * HOUR_MS)).toBe(NOW_MS + 15 * HOUR_MS);
});

test('nothing is jumped over where nothing waits, and the zone is asked for once', () => {
  const jumps = new ZoneJumps();
  expect(jumps.changed('Asia/Tokyo', NOW_MS)).toBe(NOW_MS);
  jumps.begin(() => 'UTC');
  expect(jumps.changed('Asia/Tokyo', NOW_MS)).toBe(NOW_MS);
});
