import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { type CurrentVersion, currentIn, readCurrent, writeCurrent } from './current-version.ts';

const MANIFEST = '7'.repeat(64);

test('what was written is read again, and the version stands first for whoever reads no JSON', () => {
  const file = join(tempDir(), 'current.json');
  expect(readCurrent(file)).toBeNull();
  const all: CurrentVersion[] = [
    { version: '1.2.3' },
    { version: '2.0.0-beta.1', trial: { before: '1.2.3', serial: 7, manifest: MANIFEST } },
    { version: '1.2.3', failed: { version: '2.0.0-beta.1', serial: 7, manifest: MANIFEST } },
  ];
  for (const current of all) {
    writeCurrent(file, current);
    expect(readCurrent(file)).toEqual(current);
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^{"version":"${current.version}"[^\\n]*}\\n$`));
  }
});

test.each(['', 'x', '{}', '[]', 'null', '{"version":1}', '{"version":"../1.0.0"}', '{"version":"1.0"}'])(
  'no version counts in %j',
  (text) => {
    expect(currentIn(text)).toBeNull();
  },
);

test('what is no version is none to go back to', () => {
  const file = join(tempDir(), 'current.json');
  writeFileSync(file, '{"version":"1.0.0","before":"/etc","failed":2,"serial":"x"}');
  expect(readCurrent(file)).toEqual({ version: '1.0.0' });
});
