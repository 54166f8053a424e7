import { spawn } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { endHolders, processIdsOf } from './holders.ts';

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
