import { expect, test } from 'vitest';
import { ringEntry, signingKey } from '../../../test/support/signing.ts';
import { strictBase64 } from '../../base/strict-base64.ts';
import { publicKeyOf } from './ed25519.ts';
import { parseKeyRing } from './key-ring.ts';

const A = ringEntry('a', signingKey(1));
const B = ringEntry('b', signingKey(2));
const errorOf = (ring: unknown) => {
  const parsed = parseKeyRing(typeof ring === 'string' ? ring : JSON.stringify(ring));
  return parsed.ok ? null : parsed.error;
};

test('a ring by kid, with what each key may do and the fingerprint that the fleet shows', () => {
  const parsed = parseKeyRing(
    JSON.stringify([
      { ...B, max_age_secs: 300, unknown: 1 },
      { ...A, label: 'Backend', audit_every_use: true },
    ]),
  );
  expect(parsed.ok && [...parsed.ring.values()]).toMatchObject([
    // SHA-256 of the raw key, by sha256sum.
    { kid: 'a', label: 'Backend', maxAgeMs: null, auditEveryUse: true, fingerprint: '34750f98bd59fcfc' },
    { kid: 'b', label: null, maxAgeMs: 300_000n, auditEveryUse: true, fingerprint: '6a3803d5f059902a' },
  ]);
});

test('[] is a ring without keys', () => {
  expect(parseKeyRing('[]')).toEqual({ ok: true, ring: new Map() });
});

const off = Buffer.from(A.public_key, 'base64');
/** y = 2: there is no x to it. */
const noPoint = Buffer.concat([Buffer.from([2]), Buffer.alloc(31)]).toString('base64');
/** The points of small order, and their other spellings: OpenSSL before 3.5 finds a signature of anybody good under them. */
const small = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map((hex) => Buffer.from(hex, 'hex').toString('base64'));

test.each([
  ['', 'invalid JSON at byte 0: expected a value, found the end'],
  ['{', 'invalid JSON at byte 1: expected a key in quotes, found the end'],
  [A, 'expected a list of keys, found an object'],
  [[A, 1], '[1]: expected an object, found 1'],
  [[A, { ...B, kid: 'a' }], '[1].kid: expected each kid once, found "a" again'],
  [[A, A], '[1].kid: expected each kid once, found "a" again'],
  [`[{"kid":"a","kid":"b","public_key":"${A.public_key}"}]`, 'duplicate key "kid" at byte 12'],
  [[{ public_key: A.public_key }], '[0].kid: expected a string, found nothing'],
  [[{ kid: 'a' }], '[0].public_key: expected a string, found nothing'],
  [[{ ...A, kid: '' }], '[0].kid: expected 1 to 200 characters without blanks at its ends'],
  [[{ ...A, kid: ' a' }], '[0].kid: expected 1 to 200 characters without blanks at its ends'],
  [[{ ...A, kid: 'a\r\nb' }], '[0].kid: expected 1 to 200 characters without blanks at its ends'],
  [[{ ...A, label: 5 }], '[0].label: expected a string, found 5'],
  [[{ ...A, max_age_secs: 0 }], '[0].max_age_secs: expected a whole number from 1, found 0'],
  [
    [{ ...A, max_age_secs: '300' }],
    `[0].max_age_secs: expected a whole number from 0 to ${2n ** 64n - 1n}, found "300"`,
  ],
  [[{ ...A, max_age_secs: -1 }], `[0].max_age_secs: expected a whole number from 0 to ${2n ** 64n - 1n}, found -1`],
  [[{ ...A, audit_every_use: 'yes' }], '[0].audit_every_use: expected true or false, found "yes"'],
  [[{ ...A, public_key: off.toString('base64url') }], '[0].public_key: expected base64 in its strict form'],
  [[{ ...A, public_key: ` ${A.public_key}` }], '[0].public_key: expected base64 in its strict form'],
  [[{ ...A, public_key: off.subarray(1).toString('base64') }], '[0].public_key: expected 32 bytes, found 31'],
  [[{ ...A, public_key: '' }], '[0].public_key: expected 32 bytes, found 0'],
  [[B, { ...A, public_key: noPoint }], '[1].public_key: expected a point of the curve Ed25519'],
  ...small.map((key): [unknown, string] => [
    [{ ...A, public_key: key }],
    '[0].public_key: expected a key under which not everybody can sign',
  ]),
])('%j is no ring: %s', (ring, error) => {
  expect(errorOf(ring)).toBe(error);
});

test('a key of each of many seeds is a point, and about half of all numbers are none', () => {
  const seeds = Array.from({ length: 64 }, (_, seed) =>
    Buffer.from(ringEntry('k', signingKey(seed)).public_key, 'base64'),
  );
  expect(seeds.every((raw) => publicKeyOf(raw).ok)).toBe(true);
  const numbers = Array.from({ length: 64 }, (_, n) => Buffer.concat([Buffer.from([n + 3]), Buffer.alloc(31)]));
  const points = numbers.filter((raw) => publicKeyOf(raw).ok).length;
  expect(points).toBeGreaterThan(16);
  expect(points).toBeLessThan(48);
});

test.each([
  ['', ''],
  ['AA==', '00'],
  ['AAA=', '0000'],
  ['AAAA', '000000'],
  ['+/+/', 'fbffbf'],
  ['AB==', null],
  ['AAB=', null],
  ['AA', null],
  ['AA=', null],
  ['AA===', null],
  ['A', null],
  ['AAAA\n', null],
  ['AA AA', null],
  ['-_-_', null],
  ['ＡAAA', null],
])('base64 %j is %j', (text, hex) => {
  expect(strictBase64(text)?.toString('hex') ?? null).toBe(hex);
});
