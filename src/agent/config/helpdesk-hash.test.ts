import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_POLICIES, TestMachine, toml } from '../../../test/support/config-machine.ts';
import type { Loaded } from './load.ts';

let here: TestMachine;
beforeEach(() => {
  here = new TestMachine();
});
afterEach(() => here.remove());

const hash = (mark: string, cost = 'ln=16,r=8,p=4') => `$scrypt$${cost}$AAAAAAAAAAAAAAAAAAAAAA$${mark.repeat(43)}`;
const SECRETS = 'HKLM\\SOFTWARE\\kanade\\agent';

function settings(more: string, mode = 0o600): string {
  const path = here.file('agent.toml', toml(more));
  chmodSync(path, mode);
  return path;
}

function hashFile(text: string, mode = 0o600): string {
  const path = here.file('code-hash', text);
  chmodSync(path, mode);
  return path;
}

const counts = (loaded: Loaded) =>
  loaded.ok ? loaded.config.helpdesk.codeHash : loaded.message.replaceAll(here.root, '');
const warned = ({ warnings }: Loaded) => warnings.map(({ key, message }) => `${key}: ${message}`);

describe('the hash of the helpdesk code', () => {
  test('from its own file counts before all others, which are told of where people can read them', () => {
    const path = hashFile(`${hash('f')}\n`);
    const more = `[helpdesk]\ncode_hash = "${hash('a')}"\ncode_hash_file = "${path}"\n`;
    const closed = here.load({ configPath: settings(more) });
    expect([counts(closed), warned(closed)]).toEqual([hash('f'), []]);
    const open = here.load({ configPath: settings(more, 0o644) });
    expect(counts(open)).toBe(hash('f'));
    expect(warned(open)).toEqual([expect.stringMatching(/^helpdesk\.code_hash: people on this PC can read it here/)]);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'from a file that somebody else could exchange is a problem for a service',
    () => {
      const path = here.file('open/code-hash', hash('f'));
      chmodSync(path, 0o600);
      const configPath = settings(`[helpdesk]\ncode_hash_file = "${path}"\n`);
      chmodSync(dirname(path), 0o777);
      expect(counts(here.load({ configPath }))).toBe(hash('f'));
      const loaded = here.load({ configPath, machine: here.machine('service'), startedAs: 'service' });
      expect(counts(loaded)).toContain('is not safe where it lies: /open can be written by everybody');
    },
  );

  test('from the machine’s secrets counts before policy and settings', () => {
    const machine = here.machine('service', {
      helpdeskHash: { kind: 'text', text: hash('s') },
      policies: {
        ...NO_POLICIES,
        values: new Map([['HelpdeskCodeHash', { value: hash('p'), file: 'HKLM', line: null }]]),
      },
    });
    const configPath = settings(`[helpdesk]\ncode_hash = "${hash('a')}"\n`);
    const loaded = here.load({ configPath, machine, startedAs: 'service' });
    expect(counts(loaded)).toBe(hash('s'));
    expect(loaded.ok && loaded.config.settings['helpdesk.code_hash'].file).toBe(SECRETS);
  });

  test('on Windows everybody reads policies and settings, and that is said', () => {
    const policies = {
      ...NO_POLICIES,
      values: new Map([['HelpdeskCodeHash', { value: hash('p'), file: 'HKLM\\SOFTWARE\\Policies', line: null }]]),
    };
    const machine = here.machine('service', { policies });
    const loaded = here.load({ configPath: settings(''), machine, startedAs: 'service', platform: 'win32' });
    expect(loaded.warnings).toContainEqual({
      file: 'HKLM\\SOFTWARE\\Policies',
      line: null,
      key: 'helpdesk.code_hash',
      message: `people on this PC can read it here and try codes at leisure; it belongs into the registry value HelpdeskCodeHash of ${SECRETS}`,
    });
  });

  test('of an earlier version works, and each start says that it is weaker', () => {
    const earlier = hash('a', 'ln=15,r=8,p=1');
    const loaded = here.load({ configPath: settings(`[helpdesk]\ncode_hash = "${earlier}"\n`) });
    expect(counts(loaded)).toBe(earlier);
    expect(warned(loaded)).toEqual([
      'helpdesk.code_hash: it is quicker to try codes on than this version allows; make it anew with --hash-code',
    ]);
  });

  test('in tray mode is the person’s own to read, so nothing is said', () => {
    const loaded = here.load({
      configPath: settings(`[helpdesk]\ncode_hash = "${hash('a')}"\n`, 0o644),
      startedAs: 'tray',
    });
    expect([counts(loaded), warned(loaded)]).toEqual([hash('a'), []]);
  });

  const unusable: [what: string, make: () => string, why: string][] = [
    ['is not there', () => `${here.root}/none`, 'does not exist'],
    ['others can read', () => hashFile(hash('f'), 0o640), 'can be read by others; set its mode to 0600'],
    ['others can write', () => hashFile(hash('f'), 0o620), 'can be written by its group or by everybody'],
    ['holds something else', () => hashFile('12345678'), 'does not hold what --hash-code prints'],
    ['is empty', () => hashFile(''), 'does not hold what --hash-code prints'],
  ];
  test.skipIf(process.platform === 'win32').each(unusable)(
    'in a file that %s is a problem, and no other hash is tried',
    (_, make, why) => {
      const file = make();
      const configPath = settings(`[helpdesk]\ncode_hash = "${hash('a')}"\ncode_hash_file = "${file}"\n`);
      const shown = file.replace(here.root, '');
      expect(counts(here.load({ configPath }))).toBe(
        `/agent.toml:9: helpdesk.code_hash_file: expected a file that can be used: ${shown} ${why}`,
      );
    },
  );

  test('of the secrets that is no hash, or can not be read, is a problem of a service and nothing to a person', () => {
    const configPath = settings('');
    const load = (startedAs: 'service' | 'tray', helpdeskHash: Parameters<typeof here.machine>[1]) =>
      counts(here.load({ configPath, startedAs, machine: here.machine(startedAs, helpdeskHash) }));
    expect(load('service', { helpdeskHash: { kind: 'text', text: '12345678' } })).toBe(
      `${SECRETS}: helpdesk.code_hash: expected what --hash-code prints`,
    );
    expect(load('service', { helpdeskHash: { kind: 'error', code: 1630 } })).toBe(
      `${SECRETS}: HelpdeskCodeHash: expected a text, found Windows error 1630`,
    );
    expect(load('tray', { helpdeskHash: { kind: 'error', code: 5 } })).toBeNull();
  });
});
