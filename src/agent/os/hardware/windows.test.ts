import { expect, test } from 'vitest';
import type { FactsShell } from './powershell.ts';
import { readWindowsHardware } from './windows.ts';

const never = new AbortController().signal;

const ANSWER = {
  caption: 'Microsoft Windows 11 Pro ',
  version: '10.0.22631',
  build: '22631',
  ram: 17_179_869_184,
  cpu: 'Intel(R) Core(TM) i5-1135G7 @ 2.40GHz',
  cores: 4,
  disks: [{ id: 'C:', size: 512_000_000_000, free: 100_000_000_000, fs: 'NTFS' }],
};

function shellWith(answer: unknown): FactsShell & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask: async (expression) => {
      asked.push(expression);
      return answer;
    },
    close() {},
  };
}

test('one question brings all facts', async () => {
  const shell = shellWith(ANSWER);
  expect(await readWindowsHardware(shell, never)).toEqual({
    osName: 'Microsoft Windows 11 Pro',
    osVersion: '10.0.22631',
    osBuild: '22631',
    cpuModel: 'Intel(R) Core(TM) i5-1135G7 @ 2.40GHz',
    cpuCores: 4,
    ramBytes: 17_179_869_184,
    disks: [{ deviceId: 'C:', sizeBytes: 512_000_000_000, freeBytes: 100_000_000_000, fileSystem: 'NTFS' }],
  });
  expect(shell.asked).toHaveLength(1);
  // The conversation reads line by line.
  expect(shell.asked[0]).not.toMatch(/[\r\n]/);
});

test.each([
  ['nothing', null],
  ['a missing value', { ...ANSWER, cpu: undefined }],
  ['a number as text', { ...ANSWER, ram: '17179869184' }],
  ['one drive without its list', { ...ANSWER, disks: ANSWER.disks[0] }],
  ['a negative size', { ...ANSWER, disks: [{ id: 'C:', size: -1, free: 0, fs: null }] }],
])('%s is no answer', async (_, answer) => {
  await expect(readWindowsHardware(shellWith(answer), never)).rejects.toThrow();
});
