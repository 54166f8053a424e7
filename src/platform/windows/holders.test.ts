import { spawn } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { endHolders, isAPersons, processIdsOf } from './holders.ts';

it('numbers of processes are read as far as there are any', () => {
  const info = Buffer.alloc(8 + 3 * 8);
  info.writeUInt32LE(2);
  for (const [at, pid] of [4, 1234, 9].entries()) info.writeBigUInt64LE(BigInt(pid), 8 + 8 * at);
  expect(processIdsOf(info)).toEqual([4, 1234]);
  info.writeUInt32LE(100);
  expect(processIdsOf(info)).toEqual([4, 1234, 9]);
});

// wine knows one account only.
it.runIf(process.platform === 'win32')('who has our rights is named, and not ended', () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  onTestFinished(() => void child.kill());
  const { ended, left } = endHolders(() => new Set([child.pid ?? 0]));
  expect(ended).toEqual([]);
  expect(left).toEqual([expect.stringMatching(new RegExp(`^process ${child.pid} \\(.*node\\.exe\\) of S-1-5-`, 'i'))]);
  expect(child.exitCode).toBeNull();
});

const PERSON = 'S-1-5-21-1-2-3-1001';
it.runIf(process.platform === 'win32').each([
  ['a person', {}, true],
  ['a person of Entra', { user: 'S-1-12-1-1-2-3-4', owner: 'S-1-12-1-1-2-3-4' }, true],
  ['an administrator with those rights', { owner: 'S-1-5-32-544' }, false],
  ['SYSTEM', { user: 'S-1-5-18', owner: 'S-1-5-32-544' }, false],
  ['a service of Windows', { user: 'S-1-5-19', owner: 'S-1-5-19' }, false],
  ['a service under an account of the domain', { groups: ['S-1-1-0', 'S-1-5-6'] }, false],
  ['a task under an account of the domain', { groups: ['S-1-5-3'] }, false],
])('what holds a file and runs as %s: ended %o', (_what, accounts, isEnded) => {
  expect(isAPersons({ user: PERSON, owner: PERSON, groups: ['S-1-1-0', 'S-1-5-4'], ...accounts })).toBe(isEnded);
});
