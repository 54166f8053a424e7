import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noMountsHere, readOnly } from '../../test/support/mounts.ts';
import { tempDir } from '../../test/support/temp.ts';
import { removeLargeQuietly, removeQuietly } from './remove-quietly.ts';

const noMounts = noMountsHere();
const BOTH = [[removeQuietly], [removeLargeQuietly]] as const;

test.each(BOTH)('a directory goes with all that is in it, and what is not there is gone already', async (remove) => {
  const directory = join(tempDir(), 'a');
  mkdirSync(join(directory, 'b'), { recursive: true });
  writeFileSync(join(directory, 'b', 'c'), 'x');
  expect([await remove(directory), existsSync(directory), await remove(directory)]).toEqual([true, false, true]);
});

test.for(BOTH)('what somebody holds stays, and nothing fails', async ([remove], context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const file = join(tempDir(), 'held');
  writeFileSync(file, 'x');
  const letGo = readOnly(file);
  expect([await remove(file), existsSync(file)]).toEqual([false, true]);
  letGo();
  expect([await remove(file), existsSync(file)]).toEqual([true, false]);
});
