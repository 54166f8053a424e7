import { chmodSync, chownSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestMachine } from '../../../test/support/config-machine.ts';
import type { Registry, RegistryValue } from '../../platform/registry.ts';
import { type KeysConfig, readCommandKeys } from './command-keys.ts';

let here: TestMachine;
beforeEach(() => {
  here = new TestMachine();
});
afterEach(() => here.remove());

const isRoot = process.getuid?.() === 0;

describe.skipIf(process.platform === 'win32')('a file', () => {
  const read = (file: string, keysFile: string | null = null, startedAs: KeysConfig['startedAs'] = 'headless') =>
    readCommandKeys({ startedAs, commands: { keysFile } }, { platform: 'linux', file });

  test.skipIf(!isRoot)("of root's is taken as it is; one that is not there is a ring without keys", () => {
    const file = here.file('keys.json', ' [] \n');
    chmodSync(file, 0o600);
    expect(read(file)).toEqual({ kind: 'text', text: ' [] \n' });
    expect(read(join(here.root, 'none'))).toEqual({ kind: 'absent' });
  });

  test.skipIf(!isRoot)('of another owner, or that others can write, is none', () => {
    const [foreign, open] = [here.file('a', '[]'), here.file('b', '[]')];
    chownSync(foreign, 12345, 0);
    chmodSync(open, 0o664);
    expect(read(foreign)).toEqual({ kind: 'failed', why: `${foreign} belongs to user 12345, who could change it` });
    expect(read(open)).toEqual({ kind: 'failed', why: `${open} can be written by its group or by everybody` });
  });

  test.skipIf(!isRoot)('without a word in it, or that is no file, is a problem and no revocation', () => {
    const empty = here.file('empty', ' \n');
    chmodSync(empty, 0o600);
    expect(read(empty)).toEqual({ kind: 'failed', why: `${empty} is empty; a ring without keys is []` });
    expect(read(here.root)).toEqual({ kind: 'failed', why: `${here.root} is not a regular file` });
  });

  test('that the settings name counts alone, and has to be there', () => {
    const named = here.file('named', '[1]');
    chmodSync(named, 0o600);
    expect(read('/nowhere', named)).toEqual({ kind: 'text', text: '[1]' });
    const none = join(here.root, 'none');
    expect(read(named, none)).toEqual({ kind: 'failed', why: `${none} does not exist` });
  });

  test.skipIf(!isRoot)('that somebody else could put into its place is none for a service', () => {
    const named = here.file('open/named', '[1]');
    chmodSync(named, 0o600);
    chmodSync(join(here.root, 'open'), 0o777);
    expect(read('/nowhere', named, 'service')).toEqual({
      kind: 'failed',
      why: `${named} is not safe where it lies: ${join(here.root, 'open')} can be written by everybody`,
    });
    const link = join(here.root, 'link');
    symlinkSync(named, link);
    expect(read('/nowhere', link, 'service')).toMatchObject({ kind: 'failed' });
  });
});

describe('the registry', () => {
  const read = (value: RegistryValue, startedAs: KeysConfig['startedAs'] = 'service') => {
    const registry: Registry = {
      read: (key, name) => (key === 'SOFTWARE\\kanade\\agent' && name === 'CommandKeys' ? value : { kind: 'absent' }),
    };
    return readCommandKeys({ startedAs, commands: { keysFile: null } }, { platform: 'win32', registry });
  };

  test.each([
    [
      { kind: 'text', text: '[]' },
      { kind: 'text', text: '[]' },
    ],
    [{ kind: 'text', text: '' }, { kind: 'absent' }],
    [{ kind: 'absent' }, { kind: 'absent' }],
    [
      { kind: 'number', value: 1 },
      { kind: 'text', text: '1' },
    ],
    [
      { kind: 'error', code: 5 },
      { kind: 'failed', why: "HKLM\\SOFTWARE\\kanade\\agent CommandKeys can't be read (Windows error 5)" },
    ],
  ] as [RegistryValue, unknown][])('%j is %j', (value, found) => {
    expect(read(value)).toEqual(found);
  });

  test('a person without the right to look has no keys there', () => {
    expect(read({ kind: 'error', code: 5 }, 'tray')).toEqual({ kind: 'absent' });
    expect(read({ kind: 'error', code: 1630 }, 'tray')).toMatchObject({ kind: 'failed' });
  });
});
