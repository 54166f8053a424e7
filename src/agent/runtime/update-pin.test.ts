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

test('a list that only we can change is pinned', async () => {
  const { pin, keys } = testTrust();
  expect(await readPin(file(pin), 'headless', silentLogger)).toEqual({ kind: 'pinned', keys });
  expect(await readPin(null, 'headless', silentLogger)).toEqual({ kind: 'none' });
});

test.skipIf(process.platform === 'win32')('one that others can change is not, nor one that is none', async () => {
  const { pin } = testTrust();
  const why = async (path: string) => {
    const read = await readPin(path, 'headless', silentLogger);
    return read.kind === 'unusable' ? read.why : read.kind;
  };
  expect(await why(file(pin, 0o666))).toContain('can be written');
  expect(await why(join(tempDir(), 'none'))).toBe('it does not exist');
  expect(await why(file(Buffer.from('{}')))).toContain('no key list');
});

test.skipIf(process.getuid?.() !== 0)(
  'nor, for a service, one that somebody else could put into its place',
  async () => {
    const path = file(testTrust().pin);
    chmodSync(dirname(path), 0o777);
    expect((await readPin(path, 'headless', silentLogger)).kind).toBe('pinned');
    expect(await readPin(path, 'service', silentLogger)).toEqual({
      kind: 'unusable',
      why: `is not safe where it lies: ${dirname(path)} can be written by everybody`,
    });
  },
);
