import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { testTrust } from '../../../test/support/releases.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { silentLogger } from '../../base/logger.ts';
import { readPin } from './update-pin.ts';

function file(body: Uint8Array, mode = 0o644): string {
  const path = join(tempDir(), 'update-keys.json');
  writeFileSync(path, body);
  chmodSync(path, mode);
  return path;
}

test('a list that only we can change is pinned', () => {
  const { pin, keys } = testTrust();
  expect(readPin(file(pin), 'headless', silentLogger)).toEqual({ kind: 'pinned', keys });
  expect(readPin(null, 'headless', silentLogger)).toEqual({ kind: 'none' });
});

test.skipIf(process.platform === 'win32')('one that others can change is not, nor one that is none', () => {
  const { pin } = testTrust();
  const why = (path: string) => {
    const read = readPin(path, 'headless', silentLogger);
    return read.kind === 'unusable' ? read.why : read.kind;
  };
  expect(why(file(pin, 0o666))).toContain('can be written');
  expect(why(join(tempDir(), 'none'))).toBe('it does not exist');
  expect(why(file(Buffer.from('{}')))).toContain('no key list');
});

test.skipIf(process.getuid?.() !== 0)('nor, for a service, one that somebody else could put into its place', () => {
  const path = file(testTrust().pin);
  chmodSync(dirname(path), 0o777);
  expect(readPin(path, 'headless', silentLogger).kind).toBe('pinned');
  expect(readPin(path, 'service', silentLogger)).toEqual({
    kind: 'unusable',
    why: `is not safe where it lies: ${dirname(path)} can be written by everybody`,
  });
});
