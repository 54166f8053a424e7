import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DURATION_MAX, formatDuration, parseDuration } from './humantime.ts';

const NS = 1_000_000_000n;
const TOO_LARGE =
  'number is too large or cannot be represented without a lack of precision (values below 1ns are not supported)';
const KNOWN = 'ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)';

describe('units', () => {
  test.each([
    ['nanos nsec ns', 1n],
    ['usec us µs', 1_000n],
    ['millis msec ms', 1_000_000n],
    ['seconds second secs sec s', NS],
    ['minutes minute min mins m', 60n * NS],
    ['hours hour hr hrs h', 3_600n * NS],
    ['days day d', 86_400n * NS],
    ['weeks week wk wks w', 604_800n * NS],
    ['months month M', 2_630_016n * NS],
    ['years year yr yrs y', 31_557_600n * NS],
  ])('%s', (names, ns) => {
    for (const name of names.split(' ')) expect(parseDuration(`3${name}`)).toEqual({ ok: true, ns: 3n * ns });
  });
});

test.each([
  ['0', 0n],
  [' 0 ', 0n],
  ['0s', 0n],
  ['1 0s', 10n * NS],
  ['10 s', 10n * NS],
  ['1h 30m', 5_400n * NS],
  ['30m1h', 5_400n * NS],
  ['2h2h', 14_400n * NS],
  ['\t1d\n', 86_400n * NS],
  ['1.5h', 5_400n * NS],
  ['0.5s', NS / 2n],
  ['1.000000001s', NS + 1n],
  ['0.001us', 1n],
  ['0.25d', 21_600n * NS],
  ['18446744073709551615s', (2n ** 64n - 1n) * NS],
  ['18446744073709551615s 999999999ns', DURATION_MAX],
])('%j is read', (text, ns) => {
  expect(parseDuration(text)).toEqual({ ok: true, ns });
});

test.each([
  ['', 'value was empty'],
  [' \t', 'value was empty'],
  ['30', 'time unit needed, for example 30sec or 30ms'],
  ['1h 30', 'time unit needed, for example 30sec or 30ms'],
  ['-5s', 'expected number at 0'],
  [' s', 'expected number at 1'],
  ['1h x', 'expected number at 3'],
  ['5,s', 'invalid character at 1'],
  ['1.s', 'invalid character at 2'],
  ['1µs,', 'invalid character at 4'],
  ['5S', `unknown time unit "S", supported units: ${KNOWN}`],
  ['5x', `unknown time unit "x", supported units: ${KNOWN}`],
  ['5constructor', `unknown time unit "constructor", supported units: ${KNOWN}`],
  ['1.5ns', TOO_LARGE],
  ['0.0001us', TOO_LARGE],
  ['0.0000000001s', TOO_LARGE],
  ['0.0001h', TOO_LARGE],
  ['1.00001d', TOO_LARGE],
  ['18446744073709551616s', TOO_LARGE],
  ['18446744073709551615s 1000000000ns', TOO_LARGE],
  ['18446744073709551616ns', TOO_LARGE],
  ['584542046091y', TOO_LARGE],
  [`1${'0'.repeat(998)}s`, TOO_LARGE],
  [`1.${'1'.repeat(997)}s`, TOO_LARGE],
])('%.40j is refused in the words of the fleet', (text, error) => {
  expect(parseDuration(text)).toEqual({ ok: false, error });
});

test.each([
  [0n, '0s'],
  [1_824_400_468_481n, '30m 24s 400ms 468us 481ns'],
  [93_600n * NS, '1day 2h'],
  [(2_630_016n + 4n * 86_400n) * NS, '1month 4days'],
  [31_557_600n * NS, '1year'],
  [2n * 31_557_600n * NS, '2years'],
  [3n * 86_400n * NS, '3days'],
  [14n * 86_400n * NS, '14days'],
  [1n, '1ns'],
  [300n * NS + 873_183n, '5m 873us 183ns'],
  [DURATION_MAX, '584542046090years 7months 15days 17h 5m 3s 999ms 999us 999ns'],
])('%i is written as %s', (ns, text) => {
  expect(formatDuration(ns)).toBe(text);
});

test('what is written is read back exactly, for every duration there is', () => {
  const any = fc.oneof(fc.bigInt({ min: 0n, max: DURATION_MAX }), fc.bigInt({ min: 0n, max: 10n ** 14n }));
  fc.assert(
    fc.property(any, (ns) => {
      expect(parseDuration(formatDuration(ns))).toEqual({ ok: true, ns });
    }),
  );
});

test('items add up in any order, with any white space between them', () => {
  const item = fc.record({ count: fc.nat(1_000), unit: fc.constantFrom('ns', 'us', 'ms', 's', 'm', 'h', 'd', 'w') });
  const gap = fc.constantFrom('', ' ', '\n\t');
  fc.assert(
    fc.property(fc.array(item, { minLength: 1 }), gap, (items, between) => {
      const each = items.map(({ count, unit }) => parseDuration(`${count}${unit}`));
      const sum = each.reduce((total, parsed) => total + (parsed.ok ? parsed.ns : 0n), 0n);
      expect(each.every(({ ok }) => ok)).toBe(true);
      const text = items.map(({ count, unit }) => `${count}${between}${unit}`).join(between);
      expect(parseDuration(text)).toEqual({ ok: true, ns: sum });
    }),
  );
});

test('no text makes it throw, and a refusal says why', () => {
  const piece = fc.constantFrom('1', '0', '.', ' ', 's', 'h', 'M', 'µ', 'x', '-', '日', '𠮷');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const parsed = parseDuration(pieces.join(''));
      expect(parsed.ok || parsed.error).not.toBe('');
    }),
    { numRuns: 1_000 },
  );
});

test('a text of any length is answered for what it is, without reading all of it', () => {
  const tooLong = { ok: false, error: 'longer than 1000 characters' };
  for (const text of ['1h'.repeat(500_000), ' '.repeat(1_000_000), '1'.repeat(1_000_000), `${'1h'.repeat(500)} `]) {
    expect(parseDuration(text)).toEqual(tooLong);
  }
  expect(parseDuration('1h'.repeat(500))).toEqual({ ok: true, ns: 500n * 3_600n * NS });
});
