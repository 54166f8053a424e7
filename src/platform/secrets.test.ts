import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { givenToSomebody, openedToAll, wineTempDir } from '../../test/support/wine-files.ts';
import { namedFile, readSecretFile, readTrustedFile, SHUT_IT } from './secrets.ts';
import { PRIVATE_TREE } from './windows/access.ts';
import { secureDirectory } from './windows/secure-directory.ts';

const isWindows = process.platform === 'win32';

it('a file with a secret that others can read works, and is warned of; one of SYSTEM or root alone is not', () => {
  const file = join(isWindows ? wineTempDir() : tempDir(), 'token.txt');
  writeFileSync(file, 'secret\n');
  if (!isWindows) chmodSync(file, 0o644);
  expect(readSecretFile(file, 'headless')).toEqual({
    ok: true,
    text: 'secret',
    warning: `${file} can be read by others; ${SHUT_IT}`,
  });
  if (isWindows) secureDirectory(dirname(file), PRIVATE_TREE, { deep: true }, () => {});
  else chmodSync(file, 0o600);
  expect(readSecretFile(file, 'headless')).toEqual({ ok: true, text: 'secret', warning: null });
});

it.runIf(isWindows)(
  'on Windows the open file is asked who could change it, and for a service the way to it',
  async () => {
    const directory = join(wineTempDir(), 'open');
    mkdirSync(directory);
    const file = join(directory, 'ca.pem');
    writeFileSync(file, 'x'.repeat(10));
    secureDirectory(directory, PRIVATE_TREE, { deep: true }, () => {});
    const read = (path: string, startedAs: 'tray' | 'service' = 'tray', maxBytes = 10) =>
      readTrustedFile(path, namedFile(startedAs, maxBytes));
    expect(read(file)).toEqual({ kind: 'ok', text: 'x'.repeat(10), readableByOthers: false });
    expect(read(file, 'tray', 9)).toEqual({ kind: 'refused', why: 'is larger than 9 bytes' });
    expect(read(directory)).toEqual({ kind: 'refused', why: 'is not a regular file' });
    expect(read(join(directory, 'none'))).toEqual({ kind: 'missing' });
    expect(read(join(directory, 'none', 'none'))).toEqual({ kind: 'missing' });
    await openedToAll(directory);
    expect(read(file)).toMatchObject({ kind: 'ok' });
    expect(read(file, 'service')).toMatchObject({ kind: 'refused', why: expect.stringContaining('is not safe where') });
    await givenToSomebody(file);
    expect(read(file)).toMatchObject({ kind: 'refused', why: expect.stringContaining('belongs to') });
  },
);
