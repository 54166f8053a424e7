import { expect, test } from 'vitest';
import { hashHelpdeskCode, isCodeHash, isStrongHash, verifyHelpdeskCode } from './helpdesk-code.ts';

async function hashOf(code: string): Promise<string> {
  const made = await hashHelpdeskCode(code);
  if (!made.ok) throw new Error(made.error);
  return made.hash;
}

test('a code opens its own hash and no other does', async () => {
  const hash = await hashOf('correct horse');
  const tried = ['correct horse', 'correct horsf', 'Correct horse', '', hash];
  expect(await Promise.all(tried.map((code) => verifyHelpdeskCode(code, hash)))).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});

test('the same code has another hash each time, and each names its parameters', async () => {
  const [first, second] = [await hashOf('12345678'), await hashOf('12345678')];
  expect(first).toMatch(/^\$scrypt\$ln=16,r=8,p=4\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(first).not.toBe(second);
});

test('a code needs at least 8 characters', async () => {
  const made = await Promise.all(['', '1234567', '12345678', 'x'.repeat(129)].map(hashHelpdeskCode));
  expect(made.map((each) => each.ok)).toEqual([false, false, true, false]);
});

test('full-width characters of a Japanese keyboard are the same code', async () => {
  expect(await verifyHelpdeskCode('１２３４ａｂｃｄ', await hashOf('1234abcd'))).toBe(true);
});

test('a new hash is as strong as it can be here, and one of an earlier version still works but is known as weaker', async () => {
  expect(isStrongHash(await hashOf('12345678'))).toBe(true);
  // scrypt('geheim12', salt of 16 zero bytes, N = 32768, r = 8, p = 1): as versions before this one made them.
  const earlier = '$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$y0ImO7t/wbK4o6pFJ/uRBuJf4vQzgNmiaoOI1RKEGM4';
  expect([await verifyHelpdeskCode('geheim12', earlier), isStrongHash(earlier)]).toEqual([true, false]);
});

test('a hash of other parameters is verified by them', async () => {
  // scrypt('kanade-tray', salt of 16 zero bytes, N = 4096, r = 8, p = 2), made with Python's hashlib.
  const hash = '$scrypt$ln=12,r=8,p=2$AAAAAAAAAAAAAAAAAAAAAA$RHDS2s2XbhNarOcTBujWVVUEkNzwClWqtApCrVNHjHw';
  expect(await verifyHelpdeskCode('kanade-tray', hash)).toBe(true);
});

const salt = 'AAAAAAAAAAAAAAAAAAAAAA';
const digest = 'A'.repeat(43);
test.each([
  ['', false],
  ['geheim12', false],
  [`$scrypt$ln=15,r=8,p=1$${salt}$${digest}`, true],
  [`$scrypt$ln=11,r=8,p=1$${salt}$${digest}`, false],
  [`$scrypt$ln=30,r=8,p=1$${salt}$${digest}`, false],
  [`$scrypt$ln=15,r=99,p=1$${salt}$${digest}`, false],
  [`$scrypt$ln=15,r=8,p=9$${salt}$${digest}`, false],
  [`$scrypt$ln=15,r=8,p=1$short$${digest}`, false],
  [`$scrypt$ln=15,r=8,p=1$${salt}$`, false],
  [`$argon2id$v=19$m=1,t=1,p=1$${salt}$${digest}`, false],
] as const)('%j is a usable hash: %j', async (hash, usable) => {
  expect(isCodeHash(hash)).toBe(usable);
  expect(await verifyHelpdeskCode('geheim12', hash)).toBe(false);
});
