import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { wineTempDir } from '../../test/support/wine-files.ts';
import { readSecretFile, SHUT_IT } from './secrets.ts';
import { PRIVATE_TREE } from './windows/access.ts';
import { secureDirectory } from './windows/secure-directory.ts';

const isWindows = process.platform === 'win32';

it('a file with a secret that others can read works, and is warned of; one of SYSTEM or root alone is not', () => {
  const file = join(isWindows ? wineTempDir() : tempDir(), 'token.txt');
  writeFileSync(file, 'secret\n');
  if (!isWindows) chmodSync(file, 0o644);
  expect(readSecretFile(file)).toEqual({
    ok: true,
    text: 'secret',
    warning: `${file} can be read by others; ${SHUT_IT}`,
  });
  if (isWindows) secureDirectory(dirname(file), PRIVATE_TREE, { deep: true }, () => {});
  else chmodSync(file, 0o600);
  expect(readSecretFile(file)).toEqual({ ok: true, text: 'secret', warning: null });
});
