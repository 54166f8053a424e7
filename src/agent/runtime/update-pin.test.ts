import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  expect(readPin(file(pin), silentLogger)).toEqual({ kind: 'pinned', keys });
  expect(readPin(null, silentLogger)).toEqual({ kind: 'none' });
});

test.skipIf(process.platform === 'win32')('one that others can change is not, nor one that is none', () => {
  const { pin } = testTrust();
  const why = (path: string) => {
    const read = readPin(path, silentLogger);
    return read.kind === 'unusable' ? read.why : read.kind;
  };
  expect(why(file(pin, 0o666))).toContain('can be written');
  expect(why(join(tempDir(), 'none'))).toBe('it does not exist');
  expect(why(file(Buffer.from('{}')))).toContain('no key list');
});
