import { sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CREATED_MS, DAY_MS, publicKey, TARGET, testRelease, testTrust } from '../../../test/support/releases.ts';
import { envelopeOf, makeKey, releaseText, seal, sealRelease } from '../../../tools/release/documents.ts';
import type { ReleaseRefusal } from '../../shared/update-reasons.ts';
import { type Canonical, canonicalJson } from './canonical.ts';
import { keyIdOf, openEnvelope, PAYLOAD_TYPES } from './envelope.ts';
import type { KeyList } from './keys.ts';
import { releaseKeySet } from './keys.ts';
import { checkRelease, isPackageOf, type Release, type ReleaseFacts, type ReleaseVerdict } from './manifest.ts';

const BODY = Buffer.from('the package');
const { online, recovery, keys } = testTrust();
const other = makeKey();
const second = makeKey();
const twoOfTwo: KeyList = {
  ...keys,
  release: { keys: [publicKey(online, 'Aiko'), publicKey(second, 'Ben')], threshold: 2 },
};
const NOW = CREATED_MS + DAY_MS;
const SEEN = { serial: 10, digest: keyIdOf(releaseText(testRelease(keys, BODY))), keySet: releaseKeySet(keys) };

const facts: ReleaseFacts = {
  keys,
  seen: null,
  wanted: '2.0.0',
  target: TARGET,
  channel: 'stable',
  installed: '1.0.0',
  nowMs: NOW,
};

const check = (body: Uint8Array, changes: Partial<ReleaseFacts> = {}) => checkRelease(body, { ...facts, ...changes });
const signed = (changes: Partial<Release> = {}, by = [online]) => sealRelease(testRelease(keys, BODY, changes), by);
const outcome = (verdict: ReleaseVerdict) => (verdict.ok ? 'taken' : verdict.why);

test('a release that is signed, in date, for this PC and newer is taken, and says by whom it was signed', () => {
  const release = testRelease(keys, BODY);
  expect(check(signed())).toEqual({ ok: true, release, signedBy: ['Release'], seen: SEEN });
});

/** The signed text with something else in it, properly signed. */
function rewritten(change: (text: string) => string): Buffer {
  return seal(PAYLOAD_TYPES.release, Buffer.from(change(releaseText(testRelease(keys, BODY)).toString())), [online]);
}

/** The same with the envelope as an object. */
function wrapped(change: (envelope: { [key: string]: Canonical }) => Canonical): Buffer {
  return Buffer.from(canonicalJson(change(JSON.parse(signed().toString()) as { [key: string]: Canonical })));
}

const withField = (name: string, value: Canonical) =>
  rewritten((text) => canonicalJson({ ...(JSON.parse(text) as { [key: string]: Canonical }), [name]: value }));
const without = (name: string) =>
  rewritten((text) => {
    const { [name]: _, ...rest } = JSON.parse(text) as { [key: string]: Canonical };
    return canonicalJson(rest);
  });
const sigOf = (envelope: Buffer) => openEnvelope(envelope, PAYLOAD_TYPES.release)?.signatures ?? [];
const text = releaseText(testRelease(keys, BODY));
const both = sealRelease(testRelease(twoOfTwo, BODY), [online, second]);
const rotated: KeyList = { ...keys, version: 2, release: { keys: [publicKey(second)], threshold: 1 } };
const overlapping: KeyList = { ...rotated, release: { keys: [publicKey(online), publicKey(second)], threshold: 1 } };

type Case = readonly [
  what: string,
  body: Uint8Array,
  outcome: ReleaseRefusal | 'taken',
  changes?: Partial<ReleaseFacts>,
];

const SIGNATURES: readonly Case[] = [
  ['a key that nobody knows', signed({}, [other]), 'signature'],
  ['the recovery key', signed({}, [recovery]), 'signature'],
  [
    'another key under the id of ours',
    envelopeOf(PAYLOAD_TYPES.release, text, [{ keyid: online.id, sig: sigOf(signed({}, [other]))[0]?.sig ?? BODY }]),
    'signature',
  ],
  [
    'the signature of another text',
    envelopeOf(PAYLOAD_TYPES.release, text, sigOf(signed({ serial: 11 }))),
    'signature',
  ],
  [
    'the bare text signed, without its type',
    envelopeOf(PAYLOAD_TYPES.release, text, [{ keyid: online.id, sig: sign(null, text, online.secret) }]),
    'signature',
  ],
  ['an envelope of another type', seal(PAYLOAD_TYPES.keys, text, [online]), 'unreadable'],
  ['one of two that are needed', sealRelease(testRelease(keys, BODY), [online]), 'signature', { keys: twoOfTwo }],
  [
    'one of them and a stranger',
    sealRelease(testRelease(keys, BODY), [online, other]),
    'signature',
    { keys: twoOfTwo },
  ],
  ['two of two', both, 'taken', { keys: twoOfTwo }],
  [
    'the same key twice',
    wrapped((e) => ({ ...e, signatures: [...(e.signatures as Canonical[]), ...(e.signatures as Canonical[])] })),
    'unreadable',
    { keys: twoOfTwo },
  ],
  ['ours beside that of a stranger', signed({}, [other, online]), 'taken'],
  ['no signature', wrapped((e) => ({ ...e, signatures: [] })), 'unreadable'],
  ['seventeen signatures', signed({}, Array.from({ length: 17 }, makeKey)), 'unreadable'],
  ['the old key after it was exchanged', signed(), 'signature', { keys: rotated }],
  ['the new key after that', signed({}, [second]), 'taken', { keys: rotated }],
  ['the old key while both count', signed(), 'taken', { keys: overlapping }],
  ['the new key before the list is known', signed({}, [second]), 'signature'],
  [
    'a withdrawn key beside one that counts, where two are needed',
    both,
    'signature',
    { keys: { ...twoOfTwo, release: { keys: [publicKey(second), publicKey(other)], threshold: 2 } } },
  ],
  ['the list of another fleet', signed({ trust: 'f'.repeat(32) }), 'signature'],
];

const AGES: readonly Case[] = [
  ['a minute before it expires', signed(), 'taken', { nowMs: CREATED_MS + 90 * DAY_MS - 60_000 }],
  ['expired', signed(), 'expired', { nowMs: CREATED_MS + 90 * DAY_MS }],
  ['a clock that is years behind', signed(), 'taken', { nowMs: CREATED_MS - 3650 * DAY_MS }],
  ['a key list that has expired', signed(), 'keys_expired', { keys: { ...keys, expires: NOW } }],
  ['the one that was seen, again', signed(), 'taken', { seen: SEEN }],
  ['a number below the one that was seen', signed({ serial: 9 }), 'older', { seen: SEEN }],
  [
    'a newer version under an older number',
    signed({ serial: 9, version: '3.0.0', object: '3.0.0-electron-linux-x86_64' }),
    'older',
    { seen: SEEN, wanted: '3.0.0' },
  ],
  ['another text under the number that was seen', signed({ size: 12 }), 'conflict', { seen: SEEN }],
  ['a higher number', signed({ serial: 11 }), 'taken', { seen: SEEN }],
  ['below the floor of the key list', signed(), 'older', { keys: { ...keys, floor: 11 } }],
  ['at the floor', signed(), 'taken', { keys: { ...keys, floor: 10 } }],
  [
    'the highest number of a thief, after his key is gone',
    signed({}, [second]),
    'taken',
    { keys: rotated, seen: { ...SEEN, serial: Number.MAX_SAFE_INTEGER } },
  ],
  [
    'below the floor after that',
    signed({}, [second]),
    'older',
    { keys: { ...rotated, floor: 11 }, seen: { ...SEEN, serial: Number.MAX_SAFE_INTEGER } },
  ],
];

const PLACES: readonly Case[] = [
  ['another system', signed({ platform: 'windows' }), 'other_platform'],
  ['another processor', signed({ arch: 'aarch64' }), 'other_platform'],
  [
    'a Windows manifest under the name for Linux',
    sealRelease(testRelease(keys, BODY, { platform: 'windows', object: '2.0.0-electron-windows-x86_64' }), [online]),
    'other_platform',
  ],
  ['a package of another system', signed({ object: '2.0.0-electron-windows-x86_64' }), 'other_release'],
  ['a package of the original', signed({ object: '2.0.0' }), 'other_release'],
  ['a package outside of the bucket', signed({ object: '../2.0.0-electron-linux-x86_64' }), 'other_release'],
  [
    'another version than the one that is wanted',
    signed({ version: '2.0.1', object: '2.0.1-electron-linux-x86_64' }),
    'other_release',
  ],
  ['another channel', signed({ channel: 'beta' }), 'other_channel'],
  ['older than what runs', signed(), 'downgrade', { installed: '2.0.1' }],
  [
    'a test release of what runs',
    signed({ version: '2.0.0-beta.1', object: '2.0.0-beta.1-electron-linux-x86_64' }),
    'downgrade',
    { installed: '2.0.0', wanted: '2.0.0-beta.1' },
  ],
  ['older, and signed as such', signed({ allow_downgrade: true }), 'taken', { installed: '2.0.1' }],
  ['too far ahead of what runs', signed({ min_from: '1.1.0' }), 'too_old_here'],
  ['just near enough', signed({ min_from: '1.0.0' }), 'taken'],
];

const base64 = JSON.parse(signed().toString()) as { payload: string; signatures: { keyid: string; sig: string }[] };
const sig = base64.signatures[0]?.sig ?? '';
const withSig = (changed: string) => wrapped((e) => ({ ...e, signatures: [{ keyid: online.id, sig: changed }] }));

const SHAPES: readonly Case[] = [
  ['nothing', Buffer.alloc(0), 'unreadable'],
  ['a program', Buffer.from('\x7fELF\x02\x01\x01'), 'unreadable'],
  ['the bare text', text, 'unreadable'],
  ['more than 64 KiB', Buffer.concat([signed(), Buffer.alloc(64 * 1024, ' ')]), 'unreadable'],
  ['nested without end', Buffer.from('['.repeat(60_000)), 'unreadable'],
  ['a byte order mark', Buffer.concat([Buffer.from('\ufeff'), signed()]), 'unreadable'],
  ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'unreadable'],
  ['a new line at the end', Buffer.concat([signed(), Buffer.from('\n')]), 'unreadable'],
  ['white space in it', Buffer.from(JSON.stringify(JSON.parse(signed().toString()), null, 1)), 'unreadable'],
  ['a field of the envelope that nobody knows', wrapped((e) => ({ ...e, more: 1 })), 'unreadable'],
  ['a field twice', Buffer.from(signed().toString().replace('{"payload":', '{"payload":"","payload":')), 'unreadable'],
  [
    'fields in another order',
    Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(base64).reverse()))),
    'unreadable',
  ],
  [
    'base64 with a line break',
    wrapped((e) => ({ ...e, payload: `${base64.payload.slice(0, 8)}\n${base64.payload.slice(8)}` })),
    'unreadable',
  ],
  ['base64 without its padding', withSig(sig.replaceAll('=', '')), 'unreadable'],
  [
    'base64 in the alphabet of URLs',
    withSig(Buffer.alloc(64, 0xff).toString('base64url').padEnd(88, '=')),
    'unreadable',
  ],
  ['base64 with bits left over', withSig(`${sig.slice(0, 85)}${sig[85] === 'B' ? 'C' : 'B'}==`), 'unreadable'],
  ['a signature that is too short', withSig(Buffer.alloc(63).toString('base64')), 'unreadable'],
  [
    'an id in capitals',
    wrapped((e) => ({ ...e, signatures: [{ keyid: online.id.toUpperCase(), sig }] })),
    'unreadable',
  ],
  ['a field of the text that nobody knows', withField('hooks', 'x'), 'unreadable'],
  ['__proto__', rewritten((was) => was.replace('{', '{"__proto__":{},')), 'unreadable'],
  ['a format of the future', withField('format', 2), 'unreadable'],
  ['white space in the text', rewritten((was) => was.replace(':', ': ')), 'unreadable'],
  [
    'a number of the text twice',
    rewritten((was) => was.replace('"serial":10', '"serial":10,"serial":10')),
    'unreadable',
  ],
  ['a number with a fraction', rewritten((was) => was.replace('"serial":10', '"serial":10.0')), 'unreadable'],
  ['a number as a text', withField('serial', '10'), 'unreadable'],
  ['the number 0', withField('serial', 0), 'unreadable'],
  ['a number beyond 2^53', rewritten((was) => was.replace('"serial":10', '"serial":9007199254740993')), 'unreadable'],
  ['a size of 0', withField('size', 0), 'unreadable'],
  ['a size beyond every bound', withField('size', 1024 ** 3 + 1), 'unreadable'],
  ['an unpacked size beyond every bound', withField('unpacked_size', 1024 ** 3 + 1), 'unreadable'],
  ['a digest in capitals', withField('sha256', 'A'.repeat(64)), 'unreadable'],
  ['a digest that is too short', withField('sha256', 'a'.repeat(63)), 'unreadable'],
  ['a day that there is not', withField('expires', '2027-02-30T00:00:00Z'), 'unreadable'],
  ['a time of another zone', withField('expires', '2027-03-01T00:00:00+09:00'), 'unreadable'],
  ['a version that is a path', withField('version', '../2.0.0'), 'unreadable'],
  ['a system that nobody knows', withField('platform', 'beos'), 'unreadable'],
  ['a channel with a dot', withField('channel', 'a.b'), 'unreadable'],
  ...Object.keys(JSON.parse(text.toString()) as object).map(
    (name): Case => [`no ${name}`, without(name), 'unreadable'],
  ),
];

const CASES: Readonly<Record<string, readonly Case[]>> = { SIGNATURES, AGES, PLACES, SHAPES };

describe.each(Object.entries(CASES))('%s', (_name, cases) => {
  test.each(cases.map((each) => [...each] as [...Case]))('%s', (_what, body, expected, changes) => {
    expect(outcome(check(body, changes))).toBe(expected);
  });
});

test('no byte of a manifest can be changed', () => {
  const whole = signed();
  const taken = Array.from(whole.keys()).filter((place) => {
    const changed = Buffer.from(whole);
    changed[place] = (changed[place] ?? 0) ^ 1;
    return check(changed).ok;
  });
  expect(taken).toEqual([]);
});

test('no manifest that was cut off is taken', () => {
  const whole = signed();
  const taken = Array.from(whole.keys()).filter((length) => check(whole.subarray(0, length)).ok);
  expect(taken).toEqual([]);
});

test('a package is the one that was signed by its length and its digest', () => {
  const release = testRelease(keys, BODY);
  const { size: sizeBytes, sha256 } = release;
  expect(isPackageOf(release, { sizeBytes, sha256 })).toBe(true);
  expect(isPackageOf(release, { sizeBytes: sizeBytes + 1, sha256 })).toBe(false);
  expect(isPackageOf(release, { sizeBytes, sha256: '0'.repeat(64) })).toBe(false);
});
