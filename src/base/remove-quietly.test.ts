import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noMountsHere, readOnly } from '../../test/support/mounts.ts';
import { tempDir } from '../../test/support/temp.ts';
import { removeQuietly } from './remove-quietly.ts';

const noMounts = noMountsHere();

test('a directory goes with all that is in it, and what is not there is gone already', () => {
  const directory = join(tempDir(), 'a');
  mkdirSync(join(directory, 'b'), { recursive: true });
  writeFileSync(join(directory, 'b', 'c'), 'x');
  expect([removeQuietly(directory), existsSync(directory), removeQuietly(directory)]).toEqual([true, false, true]);
});

test('what somebody holds stays, and nothing fails', (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const file = join(tempDir(), 'held');
  writeFileSync(file, 'x');
  const letGo = readOnly(file);
  expect([removeQuietly(file), existsSync(file)]).toEqual([false, true]);
  letGo();
  expect([removeQuietly(file), existsSync(file)]).toEqual([true, false]);
});
