import { expect, test } from 'vitest';
import { ZoneJumps } from './zone-jumps.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse('2026-11-30T23:30:20Z');

test('a clock that is put forward jumps over as much, also over midnight', () => {
  expect(new ZoneJumps('UTC').changed('Asia/Tokyo', NOW_MS)).toBe(NOW_MS - 9 * HOUR_MS);
  expect(new ZoneJumps('Asia/Tokyo').changed('Asia/Kolkata', NOW_MS)).toBe(NOW_MS);
  expect(new ZoneJumps('UTC').changed('UTC', NOW_MS)).toBe(NOW_MS);
});

test('what a zone has had before it was left is not jumped over when it comes back', () => {
  const jumps = new ZoneJumps('Asia/Tokyo');
  jumps.changed('UTC', NOW_MS);
  expect(jumps.changed('Asia/Tokyo', NOW_MS + HOUR_MS)).toBe(NOW_MS);
  jumps.changed('UTC', NOW_MS + HOUR_MS);
  expect(jumps.changed('Asia/Tokyo', NOW_MS + 24 * HOUR_MS)).toBe(NOW_MS + 15 * HOUR_MS);
});
