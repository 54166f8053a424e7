import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import type { Parameters } from './command-line.ts';
import { Layout } from './layout.ts';
import { type InstallInput, planOf } from './plan.ts';
import type { System } from './system.ts';

const SOMEBODY = 'S-1-5-21-1-2-3-1001';

/** What of a PC the plan looks at; `owners`: by the end of a path, else an administrator. */
function inputOf(parameters: Parameters, owners: Readonly<Record<string, string>> = {}): InstallInput {
  const root = tempDir();
  for (const name of ['config', 'data', 'logs', 'program']) mkdirSync(join(root, name));
  const system: Pick<System, 'untrusted'> = {
    untrusted: (path) => {
      const owner = Object.entries(owners).find(([end]) => path.endsWith(end))?.[1];
      return owner === undefined ? null : `belongs to ${owner}, who is no administrator`;
    },
  };
  const directories = {
    config: join(root, 'config'),
    data: join(root, 'data'),
    logs: join(root, 'logs'),
    agentDir: join(root, 'data', 'kanade-tray'),
    machineConfig: null,
    dataFromEnvironment: false,
  };
  return {
    system: system as System,
    talk: {
      drain: async () => false,
      isThere: async () => false,
      hasRunning: async () => null,
      status: async () => null,
    },
    log: { say: () => {} },
    layout: new Layout(join(root, 'program')),
    version: '1.1.0',
    staged: '',
    parameters: { NATSURL: 'nats://a:4222', ...parameters },
    directories,
    beside: root,
    asks: false,
    entry: null,
    env: {},
    platform: 'linux',
    trial: null,
  };
}

const codeOf = (input: InstallInput): number => {
  try {
    planOf(input);
    return 0;
  } catch (error) {
    return (error as { code: number }).code;
  }
};

it('uses no settings that somebody has laid down who is no administrator', () => {
  const planted = inputOf({}, { 'agent.toml': SOMEBODY });
  writeFileSync(join(planted.directories.config, 'agent.toml'), '');
  expect(() => planOf(planted)).toThrow(`agent.toml belongs to ${SOMEBODY}`);
  expect(codeOf(planted)).toBe(3);
  expect(codeOf(inputOf({}, { config: SOMEBODY }))).toBe(3);
  expect(codeOf(inputOf({}, { data: SOMEBODY }))).toBe(3);
  expect(codeOf(inputOf({}))).toBe(0);
  // In tray mode the agent is the person's own.
  expect(codeOf(inputOf({ MODE: 'tray' }, { config: SOMEBODY }))).toBe(0);
});

it('replaces no newer version unless it is told to', () => {
  const newer = inputOf({});
  newer.layout.switchTo('1.2.0');
  expect(codeOf(newer)).toBe(1638);
  const told = inputOf({ ALLOWDOWNGRADE: true });
  told.layout.switchTo('1.2.0');
  expect(planOf(told).before).toBe('1.2.0');
});

it.each<[string, Parameters, boolean]>([
  ['as a service', {}, true],
  ['not now', { NOSTART: true }, false],
  ['in tray mode', { MODE: 'tray' }, false],
  ['on a disk to be copied', { SYSPREP: true }, false],
  ['when the original comes back', { RESTORE: true }, false],
])('%s the service is started: %o', (_what, parameters, starts) => {
  expect(planOf(inputOf(parameters)).starts).toBe(starts);
});

it('an agent that takes a release has nothing read that lies beside the installer', () => {
  const input = inputOf({});
  writeFileSync(
    join(input.beside ?? '', 'install.toml'),
    '[agent]\nnats_url = "nats://theirs:4222"\n[support]\nphone = "1"\n',
  );
  expect(planOf(input).configuration.toml).toContain('phone = "1"');
  const trial = { serial: 3, manifest: '3'.repeat(64) };
  expect(planOf({ ...input, trial }).configuration.toml).not.toContain('phone');
});
