import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { untrusted } from './secure-directory.ts';
import { takeSetupLock } from './setup-lock.ts';

/** Not removed: the lock is ours until the process ends. */
const tempDir = () => mkdtempSync(join(tmpdir(), 'kanade-tray-test-'));
const onWindows = it.runIf(process.platform === 'win32');

onWindows('of two set-ups the second does not get the lock', async () => {
  const file = join(tempDir(), 'lock');
  expect(await takeSetupLock(0, file)).toBe(true);
  expect(existsSync(file)).toBe(true);
  expect(await takeSetupLock(0, file)).toBe(false);
});

onWindows("it is the Administrators' alone, and one that the power has left is taken", async () => {
  const file = join(tempDir(), 'lock');
  writeFileSync(file, '');
  expect(await takeSetupLock(0, file)).toBe(true);
  const fresh = join(tempDir(), 'lock');
  expect(await takeSetupLock(0, fresh)).toBe(true);
  // Nobody else can open it, to look at it neither.
  expect(untrusted(fresh)).toSatisfy((why: string | null) => why === null || why.includes('can not be looked at'));
});

onWindows('where it can not be taken there is no set-up', async () => {
  await expect(takeSetupLock(0, join(tempDir(), 'none', 'lock'))).rejects.toThrow('Windows error 3');
});
