import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readPolicies, signedCommandsSwitch } from './policies.ts';
import { machineRegistry, type Registry, type RegistryValue } from './registry.ts';

const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-policies-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const NAMES = new Set(['ShowTray', 'HistoryDays', 'BrandName']);

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
    expect(read(join(directory, 'none'))).toEqual({ values: new Map(), ignored: [], faults: [] });
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
  test.each(distrusted)('a file that %s is ignored with a warning', (_, make, why) => {
    const file = make();
    expect(read(file)).toEqual({
      values: new Map(),
      faults: [],
      ignored: [{ file, line: null, key: 'policies', text: `ignored, because the file ${why}` }],
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
    const { faults, values } = read(policyFile(content));
    expect(faults.map((fault) => [fault.key, fault.line])).toEqual([['policies', line]]);
    expect(values.size).toBe(0);
  });

  test.each(['[]', 'null', '7'])('%s is not an object of policies', (content) => {
    expect(read(policyFile(content)).faults).toMatchObject([{ text: 'a JSON object of policy names and values' }]);
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
    });
    const reading = readPolicies(NAMES, { platform: 'win32', registry: source });
    const file = 'HKLM\\SOFTWARE\\Policies\\Kanade Tray';
    expect([...reading.values]).toEqual([
      ['ShowTray', { value: 0, file, line: null }],
      ['BrandName', { value: '端末管理', file, line: null }],
    ]);
    expect(reading.ignored).toEqual([
      { file, line: null, key: 'HistoryDays', text: "can't be read (Windows error 5), ignored" },
    ]);
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
  test.each([
    [{ kind: 'text', text: '1' }, true],
    [{ kind: 'text', text: 'True' }, true],
    [{ kind: 'text', text: ' yes ' }, true],
    [{ kind: 'number', value: 1 }, true],
    [{ kind: 'text', text: '0' }, false],
    [{ kind: 'number', value: 0 }, false],
    [{ kind: 'absent' }, false],
    [{ kind: 'error', code: 5 }, false],
  ] as [RegistryValue, boolean][])('the registry value %j sets it: %j', (value, set) => {
    const source = registry('SOFTWARE\\kanade\\agent', { RequireSignedCommands: value });
    const found = signedCommandsSwitch({ platform: 'win32', registry: source });
    expect(found).toBe(set ? 'HKLM\\SOFTWARE\\kanade\\agent' : null);
  });

  test('a file sets it, whatever it holds and whoever could have written it', () => {
    const files = [policyFile(''), policyFile('0', 0o666), join(directory, 'none')];
    expect(files.map((file) => signedCommandsSwitch({ platform: 'linux', file }))).toEqual([files[0], files[1], null]);
  });
});
