import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readPolicies, signedCommandsSwitch, UnreadableValue } from './policies.ts';
import { machineRegistry, type Registry, type RegistryValue } from './registry.ts';

const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-policies-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const NAMES = new Set(['ShowTray', 'DisableScripts', 'HistoryDays', 'BrandName']);
const ODD_TYPE = 'a value of another kind than REG_SZ and REG_DWORD';

let files = 0;
function policyFile(content: string, mode = 0o644): string {
  files += 1;
  const path = join(directory, `${files}.json`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function read(file: string) {
  return readPolicies(NAMES, { platform: 'linux', file });
}

describe.skipIf(process.geteuid?.() !== 0)('policy.json', () => {
  test('its values come with their lines, and an unknown name is reported', () => {
    const file = policyFile('{\n  "ShowTray": false,\n  "HistoryDays": 30,\n  "PauseUntil": "x"\n}\n');
    const reading = read(file);
    expect([...reading.values]).toEqual([
      ['ShowTray', { value: false, file, line: 2 }],
      ['HistoryDays', { value: 30, file, line: 3 }],
    ]);
    expect(reading.ignored).toEqual([
      { file, line: 4, key: 'PauseUntil', text: 'not a policy that this version knows, ignored' },
    ]);
  });

  test('a missing file means no policies', () => {
    expect(read(join(directory, 'none'))).toEqual({ values: new Map(), ignored: [], problems: [] });
  });

  const distrusted: [name: string, make: () => string, why: string][] = [
    ['its group can write', () => policyFile('{}', 0o664), 'can be written by its group or by everybody'],
    ['everybody can write', () => policyFile('{}', 0o646), 'can be written by its group or by everybody'],
    [
      'belongs to another user',
      () => {
        const path = policyFile('{"ShowTray": false}');
        chownSync(path, 12345, 0);
        return path;
      },
      'belongs to user 12345, who could change it',
    ],
    [
      'is a link to a file of another user',
      () => {
        const target = policyFile('{}');
        chownSync(target, 12345, 0);
        symlinkSync(target, `${target}.link`);
        return `${target}.link`;
      },
      'belongs to user 12345, who could change it',
    ],
    [
      'is a directory',
      () => {
        const path = join(directory, 'folder');
        mkdirSync(path);
        return path;
      },
      'is not a regular file',
    ],
  ];
  test.each(distrusted)('a file that %s is a problem, not "no policies"', (_, make, why) => {
    const file = make();
    expect(read(file)).toEqual({
      values: new Map(),
      ignored: [],
      problems: [
        {
          file,
          line: null,
          key: 'policies',
          text: `a file that can be read, and that root alone can write; it ${why}`,
        },
      ],
    });
  });

  test.each([
    ['{\n  "ShowTray": false\n  "HistoryDays": 30\n}', 3],
    ['{\n  "ShowTray": ,\n}', 2],
    ['{\n  "ShowTray": nope\n}', 2],
    ['{\n  "ShowTray": true,\n}\n', 3],
    ['{\n  "ShowTray": "x\n}', 2],
    ['{\n  "ShowTray": true\n', 3],
    ['{}\n{}', 2],
    ['', 1],
  ])('%j is not JSON, and the line is named', (content, line) => {
    const { problems, values } = read(policyFile(content));
    expect(problems.map((problem) => [problem.key, problem.line])).toEqual([['policies', line]]);
    expect(values.size).toBe(0);
  });

  test.each(['[]', 'null', '7'])('%s is not an object of policies', (content) => {
    expect(read(policyFile(content)).problems).toMatchObject([{ text: 'a JSON object of policy names and values' }]);
  });
});

function registry(key: string, values: Record<string, RegistryValue>): Registry {
  return { read: (asked, name) => (asked === key ? values[name] : undefined) ?? { kind: 'absent' } };
}

describe('the registry', () => {
  test('gives texts and numbers, and says what it could not read', () => {
    const source = registry('SOFTWARE\\Policies\\Kanade Tray', {
      ShowTray: { kind: 'number', value: 0 },
      BrandName: { kind: 'text', text: '端末管理' },
      HistoryDays: { kind: 'error', code: 5 },
      DisableScripts: { kind: 'error', code: 1630 },
    });
    const reading = readPolicies(NAMES, { platform: 'win32', registry: source });
    const file = 'HKLM\\SOFTWARE\\Policies\\Kanade Tray';
    expect([...reading.values]).toEqual([
      ['ShowTray', { value: 0, file, line: null }],
      ['DisableScripts', { value: new UnreadableValue(ODD_TYPE), file, line: null }],
      ['HistoryDays', { value: new UnreadableValue("a value that can't be read (Windows error 5)"), file, line: null }],
      ['BrandName', { value: '端末管理', file, line: null }],
    ]);
    expect([reading.ignored, reading.problems]).toEqual([[], []]);
  });

  test.skipIf(process.platform !== 'win32').each([
    ['REG_BINARY', '01'],
    ['REG_MULTI_SZ', '1'],
    ['REG_QWORD', '1'],
  ])('a value of the kind %s is there, and not understood', (type, data) => {
    const key = 'SOFTWARE\\Kanade Tray Test';
    const reg = (...args: string[]) => execFileSync('reg.exe', [...args, '/f', '/reg:64'], { stdio: 'ignore' });
    reg('add', `HKLM\\${key}`, '/v', 'Odd', '/t', type, '/d', data);
    try {
      expect(machineRegistry().read(key, 'Odd')).toEqual({ kind: 'error', code: 1630 });
    } finally {
      reg('delete', `HKLM\\${key}`);
    }
  });

  test.skipIf(process.platform === 'win32')('is empty where there is none, and loads nothing native', () => {
    expect(machineRegistry('win32').read('SOFTWARE\\kanade\\agent', 'NatsToken')).toEqual({ kind: 'absent' });
  });

  test.skipIf(process.platform !== 'win32')('reads a text and a number of Windows itself', () => {
    const key = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';
    const read = (name: string) => machineRegistry().read(key, name).kind;
    expect([read('CurrentVersion'), read('CurrentMajorVersionNumber'), read('NoSuchValue')]).toEqual([
      'text',
      'number',
      'absent',
    ]);
  });
});

describe('the switch of the original for signed commands', () => {
  const file = 'HKLM\\SOFTWARE\\kanade\\agent';
  const found = (value: RegistryValue, mayBeDenied = false) => {
    const source = registry('SOFTWARE\\kanade\\agent', { RequireSignedCommands: value });
    return signedCommandsSwitch({ platform: 'win32', registry: source, mayBeDenied });
  };

  test.each([
    { kind: 'text', text: '1' },
    { kind: 'text', text: 'True' },
    { kind: 'text', text: ' yes ' },
    { kind: 'number', value: 1 },
  ] as RegistryValue[])('%j sets it', (value) => {
    expect(found(value)).toEqual({ file, odd: null });
  });

  test.each([
    { kind: 'text', text: '0' },
    { kind: 'text', text: 'False' },
    { kind: 'text', text: ' no ' },
    { kind: 'number', value: 0 },
    { kind: 'absent' },
  ] as RegistryValue[])('%j does not', (value) => {
    expect(found(value)).toBeNull();
  });

  test.each([
    [{ kind: 'text', text: '' }, '""'],
    [{ kind: 'text', text: 'on' }, '"on"'],
    [{ kind: 'text', text: '01' }, '"01"'],
    [{ kind: 'number', value: 2 }, '2'],
    [{ kind: 'number', value: 4294967295 }, '4294967295'],
    [{ kind: 'error', code: 1630 }, ODD_TYPE],
    [{ kind: 'error', code: 5 }, "a value that can't be read (Windows error 5)"],
    [{ kind: 'error', code: 234 }, "a value that can't be read (Windows error 234)"],
  ] as [RegistryValue, string][])('%j is not understood, so it does, and what was found is told', (value, odd) => {
    expect(found(value)).toEqual({ file, odd });
  });

  test('an account that has no right to look takes it for not set; all else it takes as others do', () => {
    expect(found({ kind: 'error', code: 5 }, true)).toBeNull();
    expect(found({ kind: 'error', code: 1630 }, true)).not.toBeNull();
  });

  test.each([
    ['1', null],
    [' TRUE\n', null],
    ['yes', null],
    ['', '""'],
    ['on', '"on"'],
  ])('a file with %j sets it', (text, odd) => {
    const path = policyFile(text);
    expect(signedCommandsSwitch({ platform: 'linux', file: path, mayBeDenied: false })).toEqual({ file: path, odd });
  });

  test.each(['0', 'false\n', ' No '])('a file with %j does not', (text) => {
    expect(signedCommandsSwitch({ platform: 'linux', file: policyFile(text), mayBeDenied: false })).toBeNull();
  });

  test('nor one that is not there; one that somebody else could have written does, whatever it holds', () => {
    const [open, none] = [policyFile('0', 0o666), join(directory, 'none')];
    const read = (path: string) => signedCommandsSwitch({ platform: 'linux', file: path, mayBeDenied: false })?.file;
    expect([read(open), read(none)]).toEqual([open, undefined]);
  });
});
