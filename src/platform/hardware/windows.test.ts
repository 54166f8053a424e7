import { expect, test } from 'vitest';
import type { FactsShell } from './powershell.ts';
import { type PlainFacts, readWindowsHardware } from './windows.ts';

const never = new AbortController().signal;

const SYSTEM = { caption: 'Microsoft Windows 11 Pro ', version: '10.0.22631', build: '22631' };
const MEMORY = 17_179_869_184;
const PROCESSOR = { name: 'Intel(R) Core(TM) i5-1135G7 @ 2.40GHz', cores: 4 };
const DISKS = [{ id: 'C:', size: 512_000_000_000, free: 100_000_000_000, fs: 'NTFS' }];
const ALL = {
  osName: 'Microsoft Windows 11 Pro',
  osVersion: '10.0.22631',
  osBuild: '22631',
  cpuModel: 'Intel(R) Core(TM) i5-1135G7 @ 2.40GHz',
  cpuCores: 4,
  ramBytes: 17_179_869_184,
  disks: [{ deviceId: 'C:', sizeBytes: 512_000_000_000, freeBytes: 100_000_000_000, fileSystem: 'NTFS' }],
  unread: [],
};
const PLAIN: PlainFacts = {
  osName: 'Windows 11 Pro',
  osVersion: '10.0.22632',
  cpuModel: 'a CPU',
  ramBytes: 8,
  disks: async () => [{ deviceId: 'D:', sizeBytes: 2, freeBytes: 1, fileSystem: null }],
};

/** Answers in the order of the questions; an error is thrown. */
function shellWith(...answers: readonly unknown[]): FactsShell & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask: async (expression) => {
      const answer = answers[asked.length];
      asked.push(expression);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    close() {},
  };
}

const read = (shell: FactsShell) => readWindowsHardware(shell, never, () => PLAIN);

test('each class is asked for by itself, in one line of ASCII', async () => {
  const shell = shellWith(SYSTEM, MEMORY, PROCESSOR, DISKS);
  expect(await read(shell)).toEqual(ALL);
  expect(shell.asked).toHaveLength(4);
  for (const asked of shell.asked) expect(asked).toMatch(/^[ -~]+$/);
});

test.each([
  [
    'the system',
    [null, MEMORY, PROCESSOR, DISKS],
    { osName: 'Windows 11 Pro', osVersion: '10.0.22632', osBuild: '22632' },
  ],
  ['the memory', [SYSTEM, '17179869184', PROCESSOR, DISKS], { ramBytes: 8 }],
  ['the processor', [SYSTEM, MEMORY, { cores: 4 }, DISKS], { cpuModel: 'a CPU', cpuCores: null }],
  [
    'one drive without its list',
    [SYSTEM, MEMORY, PROCESSOR, DISKS[0]],
    { disks: [{ deviceId: 'D:', sizeBytes: 2, freeBytes: 1, fileSystem: null }] },
  ],
  [
    'a negative size',
    [SYSTEM, MEMORY, PROCESSOR, [{ id: 'C:', size: -1, free: 0, fs: null }]],
    { disks: [{ deviceId: 'D:', sizeBytes: 2, freeBytes: 1, fileSystem: null }] },
  ],
])(
  'where %s can not be read, the system says what it knows without CIM, and the rest stays',
  async (_, answers, other) => {
    const { unread, ...facts } = await read(shellWith(...answers));
    expect(facts).toEqual({ ...ALL, unread: undefined, ...other });
    expect(unread).toEqual([expect.stringMatching(/^Win32_\w+: an answer of another shape$/)]);
  },
);

test('without any PowerShell there are facts all the same, and the reason for each that is missing', async () => {
  const gone = new Error('PowerShell gave no answer', { cause: new Error('spawn\n ENOENT') });
  const { unread, ...facts } = await read(shellWith(gone, gone, gone, gone));
  expect(facts).toMatchObject({ osName: 'Windows 11 Pro', cpuModel: 'a CPU', cpuCores: null, ramBytes: 8 });
  expect(unread).toHaveLength(4);
  expect(unread[0]).toBe('Win32_OperatingSystem: spawn ENOENT');
});

test('whoever stops it gets no half of the facts', async () => {
  const stop = new AbortController();
  const shell: FactsShell = {
    ask: async () => {
      stop.abort(new Error('enough'));
      throw new Error('aborted');
    },
    close() {},
  };
  await expect(readWindowsHardware(shell, stop.signal, () => PLAIN)).rejects.toThrow('enough');
});
