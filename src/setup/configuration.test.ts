import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ringEntry, signingKey } from '../../test/support/signing.ts';
import { tempDir } from '../../test/support/temp.ts';
import type { Parameters } from './command-line.ts';
import { planConfiguration } from './configuration.ts';

/** A PC whose directories are ours, with `before` as its settings and `files` beside the installer. */
function pcOf(before: string | null = null, files: Readonly<Record<string, string>> = {}) {
  const root = tempDir();
  const at = (name: string) => join(root, name);
  for (const name of ['config', 'beside', 'logs', 'data']) mkdirSync(at(name));
  if (before !== null) writeFileSync(join(at('config'), 'agent.toml'), before);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at('beside'), name), text);
  const directories = {
    config: at('config'),
    data: at('data'),
    logs: at('logs'),
    agentDir: at('data/kanade-tray'),
    machineConfig: null,
    dataFromEnvironment: false,
  };
  return {
    at,
    plan: (
      parameters: Parameters,
      beside: string | null = at('beside'),
      whyNotOpened: (path: string) => string | null = () => null,
    ) =>
      planConfiguration({ parameters, directories, beside, whyNotOpened, env: {}, platform: 'linux', mode: 'service' }),
  };
}

const SERVERS = { NATSURL: 'nats://a:4222' } as const;
const BEFORE =
  '# by hand\n[agent]\nid = "PC-1"\nnats_url = "nats://old:4222"\n\n[log]\npath = "/a.log"\nlevel = "info"\n';

describe('settings', () => {
  it('of a new PC name servers, computer, host and log', () => {
    const { toml } = pcOf().plan(SERVERS);
    for (const line of ['nats_url = "nats://a:4222"', 'id = "{{ system.host }}"', 'host = "service"', 'level = "info"'])
      expect(toml).toContain(line);
  });

  it('are not written where nothing was said, and nothing is left of the trial', () => {
    const pc = pcOf(BEFORE);
    expect(pc.plan({}).toml).toBeNull();
    expect(pc.plan(SERVERS).toml).toBe(BEFORE.replace('old', 'a'));
    expect(readdirSync(pc.at('config'))).toEqual(['agent.toml']);
    expect(pcOf().plan({}).toml).toBeNull();
  });

  it('beside the installer are for a new PC; named ones are for each', () => {
    const beside = { 'install.toml': '[agent]\nnats_url = "nats://b:4222"\n[support]\nphone = "1"\n' };
    expect(pcOf(null, beside).plan({}).toml).toContain('phone = "1"');
    expect(pcOf(BEFORE, beside).plan({}).toml).toBeNull();
    const named = pcOf(BEFORE, beside).plan({ CONFIG: 'install.toml' }).toml;
    expect(named).toContain('# by hand');
    expect(named).toContain('nats_url = "nats://b:4222"');
    expect(named).toContain('phone = "1"');
  });

  it.skipIf(process.platform === 'win32')(
    'beside the installer count only where nobody else could have put them',
    () => {
      const beside = { 'install.toml': '[agent]\nnats_url = "nats://theirs:4222"\n[ui]\nshow_output_to_users = 2\n' };
      const everybody = pcOf(null, beside);
      chmodSync(everybody.at('beside'), 0o777);
      expect(() => everybody.plan({})).toThrow(
        'is not read, since it lies in a directory that can be written by everybody; name it by /CONFIG',
      );
      const { toml, warnings } = everybody.plan(SERVERS);
      expect(toml).toContain('nats_url = "nats://a:4222"');
      expect(toml).not.toContain('show_output');
      expect(warnings.join()).toContain('install.toml is not read');
      expect(everybody.plan({ CONFIG: 'install.toml' }).toml).toContain('nats://theirs:4222');
      const theirs = pcOf(null, beside);
      if (process.getuid?.() !== 0) return;
      chownSync(join(theirs.at('beside'), 'install.toml'), 12_345, 12_345);
      expect(() => theirs.plan({})).toThrow('belongs to user 12345');
    },
  );

  it.runIf(process.getuid?.() === 0)('beside the installer count only where the whole way is nobody else’s', () => {
    const pc = pcOf(null, { 'install.toml': '[agent]\nnats_url = "nats://theirs:4222"\n' });
    chownSync(pc.at('.'), 12_345, 12_345);
    expect(() => pc.plan({})).toThrow(`is not safe where it lies: ${pc.at('.')} belongs to user 12345`);
    expect(pc.plan({ CONFIG: 'install.toml' }).toml).toContain('nats://theirs:4222');
  });

  it.skipIf(process.platform === 'win32')('beside the installer do not hold it up where they are no file', () => {
    const pc = pcOf();
    execFileSync('mkfifo', [join(pc.at('beside'), 'install.toml')]);
    expect(() => pc.plan({})).toThrow('is not a regular file');
  });

  it('are looked for nowhere without an installer, and a relative path is none then', () => {
    const pc = pcOf();
    expect(pc.plan({}, null).toml).toBeNull();
    for (const name of ['CONFIG', 'KEYS', 'TOKENFILE'] as const)
      expect(() => pc.plan({ [name]: 'install.toml' }, null)).toThrow(`/${name}: install.toml is no whole path`);
  });

  it('are not opened where that would tell another computer who opens them, and neither are secrets', () => {
    const pc = pcOf();
    const given = [{ CONFIG: 'x' }, { KEYS: 'x' }, { TOKENFILE: 'x' }, { NATSUSER: 'u', NATSPASSFILE: 'x' }];
    for (const parameters of given)
      expect(() => pc.plan({ ...SERVERS, ...parameters }, undefined, () => 'is elsewhere')).toThrow(
        `: ${pc.at('beside/x')} is elsewhere; copy it to one`,
      );
  });

  it.each<[string, Parameters, string]>([
    ['a name that the fleet can not use', { ...SERVERS, PCID: 'PC 1' }, 'agent.id'],
    ['servers that are none', { NATSURL: 'http://a' }, 'agent.nats_url'],
    ['a name without servers', { PCID: 'PC-1' }, '/NATSURL is missing'],
    ['a file that is not there', { CONFIG: 'none.toml' }, 'none.toml can not be read (ENOENT)'],
  ])('%s is refused', (_what, parameters, why) => {
    const pc = pcOf();
    expect(() => pc.plan(parameters)).toThrow(why);
    expect(readdirSync(pc.at('config'))).toEqual([]);
  });
});

describe('secrets', () => {
  it('come from files, without their last newline, and the files are to be deleted afterwards', () => {
    const pc = pcOf(null, { 'token.txt': 'secret\r\n' });
    const { secrets, spent, toml } = pc.plan({ ...SERVERS, TOKENFILE: 'token.txt' });
    expect(secrets).toEqual({ NatsToken: 'secret' });
    expect(spent).toEqual([join(pc.at('beside'), 'token.txt')]);
    expect(toml).not.toContain('secret');
    expect(existsSync(spent[0] ?? '')).toBe(true);
  });

  it('that are none: keys for commands, and the switch that requires them, as the original reads both', () => {
    const keys = JSON.stringify([ringEntry('backend', signingKey(1))]);
    const pc = pcOf(null, { 'keys.json': `${keys}\n` });
    const wanted = pc.plan({ ...SERVERS, KEYS: 'keys.json', REQUIRESIGNED: true });
    expect(wanted.secrets).toEqual({ CommandKeys: keys, RequireSignedCommands: '1' });
    expect([wanted.warnings, wanted.spent]).toEqual([[], []]);
    expect(pc.plan({ ...SERVERS, REQUIRESIGNED: false }).secrets).toEqual({ RequireSignedCommands: '0' });
    expect(pc.plan({ ...SERVERS, REQUIRESIGNED: true }).warnings).toEqual([
      '/REQUIRESIGNED without /KEYS: where no keys are stored already, this PC refuses every command',
    ]);
  });

  it('on the command line are warned about', () => {
    const { secrets, warnings } = pcOf().plan({ ...SERVERS, TOKEN: 'secret' });
    expect(secrets).toEqual({ NatsToken: 'secret' });
    expect(warnings.join()).not.toContain('secret');
    expect(warnings).toHaveLength(1);
  });

  it.each<[string, Parameters, string]>([
    ['a user without a password', { NATSUSER: 'a' }, 'go together'],
    ['two ways to sign in', { TOKEN: 'a', NATSUSER: 'a', NATSPASSFILE: 'p' }, 'one way to sign in'],
    ['an empty file', { TOKENFILE: 'empty' }, 'is empty'],
    ['keys that are none', { KEYS: 'empty' }, 'expected'],
    ['a secret on a disk to be copied', { SYSPREP: true, TOKEN: 'a' }, '/SYSPREP leaves no names'],
  ])('%s is refused', (_what, parameters, why) => {
    expect(() => pcOf(null, { empty: '' }).plan({ ...SERVERS, ...parameters })).toThrow(why);
  });
});
