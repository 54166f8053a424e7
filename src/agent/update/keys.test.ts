import { describe, expect, test } from 'vitest';
import { publicKey, type TestTrust, testTrust } from '../../../test/support/releases.ts';
import { makeKey, seal, sealKeys } from '../../../tools/release/documents.ts';
import { type Canonical, canonicalJson } from './canonical.ts';
import { openEnvelope, PAYLOAD_TYPES } from './envelope.ts';
import { type KeyList, keyListObject, nextKeys, pinnedKeys, releaseKeySet } from './keys.ts';

const { online, recovery, keys, pin } = testTrust();
const stranger = makeKey();
const fresh = makeKey();
const newRecovery = makeKey();
const signers = [recovery];
const second: KeyList = { ...keys, version: 2, release: { keys: [publicKey(fresh)], threshold: 1 } };
const moved: KeyList = { ...second, recovery: { keys: [publicKey(newRecovery)], threshold: 1 } };

test('a list is pinned as its recovery key has signed it', () => {
  expect(pinnedKeys(pin)).toEqual(keys);
  expect(keyListObject(7)).toBe('kanade-tray-keys.7');
});

test('a release key is exchanged by the recovery key, and the recovery key by the old and the new one', () => {
  expect(nextKeys(keys, sealKeys(second, signers))).toEqual(second);
  expect(nextKeys(keys, sealKeys(moved, [recovery, newRecovery]))).toEqual(moved);
  const third = { ...moved, version: 3 };
  expect(nextKeys(moved, sealKeys(third, [newRecovery]))).toEqual(third);
  expect(nextKeys(moved, sealKeys(third, [recovery]))).toBeNull();
});

const twoNeeded: TestTrust['keys'] = {
  ...keys,
  recovery: { keys: [publicKey(recovery), publicKey(newRecovery)], threshold: 2 },
};
const afterTwo = { ...twoNeeded, version: 2 };

const REFUSED: readonly [what: string, body: Uint8Array, before?: KeyList][] = [
  ['signed by a stranger', sealKeys(second, [stranger])],
  ['signed by the release key', sealKeys(second, [online])],
  ['signed by the recovery key that it names itself', sealKeys(moved, [newRecovery])],
  ['a new recovery key that has not signed', sealKeys(moved, [recovery])],
  ['one of two recovery keys', sealKeys(afterTwo, [recovery]), twoNeeded],
  ['the same version', sealKeys({ ...second, version: 1 }, signers)],
  ['a version that is left out', sealKeys({ ...second, version: 3 }, signers)],
  ['an older version', pin, second],
  ['another fleet', sealKeys({ ...second, trust: 'f'.repeat(32) }, signers)],
  ['more signatures needed than keys', sealKeys({ ...second, release: { ...second.release, threshold: 2 } }, signers)],
  ['a threshold of 0', sealKeys({ ...second, release: { ...second.release, threshold: 0 } }, signers)],
  ['no release key', sealKeys({ ...second, release: { keys: [], threshold: 1 } }, signers)],
  ['a key for both', sealKeys({ ...second, release: { keys: [publicKey(recovery)], threshold: 1 } }, signers)],
  [
    'a key twice',
    sealKeys({ ...second, release: { keys: [publicKey(fresh), publicKey(fresh)], threshold: 1 } }, signers),
  ],
  [
    'a name with a line break',
    sealKeys({ ...second, release: { keys: [publicKey(fresh, 'a\nb')], threshold: 1 } }, signers),
  ],
  ['a floor below 0', sealKeys({ ...second, floor: -1 }, signers)],
  ['nothing', Buffer.alloc(0)],
];

test.each(REFUSED)('a list is not taken: %s', (_what, body, before = keys) => {
  expect(nextKeys(before, body)).toBeNull();
});

describe('a pinned file is refused', () => {
  const text = JSON.parse(openEnvelope(pin, PAYLOAD_TYPES.keys)?.payload.toString() ?? '') as {
    [key: string]: Canonical;
  };
  test.each<[string, Uint8Array]>([
    ['that its recovery key has not signed', sealKeys(keys, [stranger])],
    [
      'with a field that nobody knows',
      seal(PAYLOAD_TYPES.keys, Buffer.from(canonicalJson({ ...text, x: 1 })), signers),
    ],
    ['that is a manifest', seal(PAYLOAD_TYPES.release, Buffer.from(canonicalJson(text)), signers)],
    ['with one byte of it changed', Buffer.from(pin.toString().replace('payload":"', 'payload":"A'))],
  ])('%s', (_what, body) => {
    expect(pinnedKeys(body)).toBeNull();
  });
});

test('two recovery keys of two are enough', () => {
  expect(nextKeys(twoNeeded, sealKeys(afterTwo, [newRecovery, recovery]))).toEqual(afterTwo);
});

test('the release keys as a whole are another set with another key, in whatever order they stand', () => {
  const [a, b] = [publicKey(online), publicKey(fresh)];
  const of = (list: KeyList['release']['keys']) => releaseKeySet({ ...keys, release: { keys: list, threshold: 1 } });
  expect(of([a, b])).toBe(of([b, a]));
  expect(of([a, b])).not.toBe(of([a]));
});
