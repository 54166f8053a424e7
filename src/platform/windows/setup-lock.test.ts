import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { untrusted } from './secure-directory.ts';
import { takeTurn } from './setup-lock.ts';

/** Not removed: a turn is ours until the process ends. */
const tempDir = () => mkdtempSync(join(tmpdir(), 'kanade-tray-test-'));
const onWindows = it.runIf(process.platform === 'win32');

onWindows('of two set-ups the second has no turn', async () => {
  const file = join(tempDir(), 'turn');
  expect(await takeTurn(0, file)).toBe(true);
  expect(existsSync(file)).toBe(true);
  expect(await takeTurn(0, file)).toBe(false);
});

onWindows("it is the Administrators' alone, and one that the power has left is taken", async () => {
  const file = join(tempDir(), 'turn');
  writeFileSync(file, '');
  expect(await takeTurn(0, file)).toBe(true);
  const fresh = join(tempDir(), 'turn');
  expect(await takeTurn(0, fresh)).toBe(true);
  // Nobody else can open it, to look at it neither.
  expect(untrusted(fresh)).toSatisfy((why: string | null) => why === null || why.includes('can not be looked at'));
});

onWindows('where it can not be had there is no set-up', async () => {
  await expect(takeTurn(0, join(tempDir(), 'none', 'turn'))).rejects.toThrow('Windows error 3');
});
