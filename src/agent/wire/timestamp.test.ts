import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTimestamp, formatTimestampText, parseTimestamp } from './timestamp.ts';

const NS = 1_000_000_000n;
const at = (iso: string, ns = 0n) => BigInt(Date.parse(iso)) * 1_000_000n + ns;
const BASE = at('2026-11-24T03:00:00Z');

test.each([
  [BASE, '2026-11-24T03:00:00Z', '2026-11-24 03:00:00 UTC'],
  [BASE + 4_322_000_000n, '2026-11-24T03:00:04.322Z', '2026-11-24 03:00:04.322 UTC'],
  [BASE + 4_322_100_000n, '2026-11-24T03:00:04.322100Z', '2026-11-24 03:00:04.322100 UTC'],
  [BASE + 4_313_943_929n, '2026-11-24T03:00:04.313943929Z', '2026-11-24 03:00:04.313943929 UTC'],
  [BASE + 1n, '2026-11-24T03:00:00.000000001Z', '2026-11-24 03:00:00.000000001 UTC'],
  [-1n, '1969-12-31T23:59:59.999999999Z', '1969-12-31 23:59:59.999999999 UTC'],
  [at('+010000-01-01T00:00:00Z'), '+10000-01-01T00:00:00Z', '+10000-01-01 00:00:00 UTC'],
])('%i is written as %s', (ns, wire, text) => {
  expect(formatTimestamp(ns)).toBe(wire);
  expect(formatTimestampText(ns)).toBe(text);
});

test.each([
  ['2026-11-24T03:00:00Z', BASE],
  ['2026-11-24t03:00:00z', BASE],
  ['2026-11-24 03:00:00Z', BASE],
  ['2026-11-24T12:00:00+09:00', BASE],
  ['2026-11-24T12:00:00+0900', BASE],
  ['2026-11-23T23:30:00-03:30', BASE],
  ['2026-11-24T03:00:00.5Z', BASE + NS / 2n],
  ['2026-11-24T03:00:00.000Z', BASE],
  ['2026-11-24T03:00:00.1234567899Z', BASE + 123_456_789n],
  ['2026-11-24T02:59:60Z', BASE],
  ['2024-02-29T00:00:00Z', at('2024-02-29T00:00:00Z')],
  ['0001-01-01T00:00:00Z', at('0001-01-01T00:00:00Z')],
])('%s is read', (text, ns) => {
  expect(parseTimestamp(text)).toBe(ns);
});

test.each([
  '',
  '2026-11-24',
  '2026-11-24T03:00Z',
  '2026-11-24T03:00:00',
  '2026-11-24T03:00:00+09',
  '2026-11-24T03:00:00.Z',
  '2026-11-24T24:00:00Z',
  '2026-11-24T03:60:00Z',
  '2026-11-24T03:00:61Z',
  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-11-31T00:00:00Z',
  '2026-11-00T00:00:00Z',
  '2026-11-24T03:00:00+24:00',
  '2026-11-24T03:00:00+09:60',
  ' 2026-11-24T03:00:00Z',
  '２０２６-11-24T03:00:00Z',
])('%j is no time', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test('what is written is read back exactly, for every nanosecond of the years 0 to 9999', () => {
  const any = fc.bigInt({ min: at('0000-01-01T00:00:00Z'), max: at('9999-12-31T23:59:59Z', NS - 1n) });
  fc.assert(
    fc.property(any, (ns) => {
      expect(parseTimestamp(formatTimestamp(ns))).toBe(ns);
    }),
  );
});

test('every text of toISOString is read', () => {
  const any = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(any, (date) => {
      expect(parseTimestamp(date.toISOString())).toBe(at(date.toISOString()));
    }),
  );
});
