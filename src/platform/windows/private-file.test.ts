import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openedToAll, wineTempDir } from '../../../test/support/wine-files.ts';
import { writePrivateFile } from './private-file.ts';
import { readerOfFile } from './secure-directory.ts';

it.runIf(process.platform === 'win32')('is its owner’s alone, also in a directory that is open to all', async () => {
  const directory = wineTempDir();
  await openedToAll(directory);
  const [open, shut] = [join(directory, 'open'), join(directory, 'shut')];
  writeFileSync(open, 'x');
  writePrivateFile(shut, 'secret\n');
  expect([readerOfFile(open) === null, readerOfFile(shut)]).toEqual([false, null]);
  expect(readFileSync(shut, 'utf8')).toBe('secret\n');
  expect(() => writePrivateFile(shut, 'other')).toThrow('making');
});
