import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import type { Parameters } from './command-line.ts';
import { planConfiguration } from './configuration.ts';
import { consentOf } from './consent.ts';

const settings = (server: string) =>
  `[agent]\nid = "PC-1"\nnats_url = "nats://${server}:4222"\n[log]\npath = "/a.log"\nlevel = "info"\n`;

/** A PC that is set up, and an installer beside which `install.toml` is named by `/CONFIG`. */
function pc(parameters: Parameters) {
  const root = tempDir();
  const at = (name: string) => join(root, name);
  for (const name of ['config', 'data', 'logs', 'beside']) mkdirSync(at(name));
  writeFileSync(at('config/agent.toml'), settings('it'));
  const agentDir = at('data/kanade-tray');
  const paths = { config: at('config'), data: at('data'), logs: at('logs'), agentDir };
  const directories = { ...paths, machineConfig: null, dataFromEnvironment: false };
  const system = { readValue: () => ({ kind: 'absent' }) as const };
  const wanted = { parameters, version: '1.1.0', env: {}, platform: 'linux', system, beside: at('beside') } as const;
  const planned = () => {
    const input = {
      parameters,
      directories,
      beside: at('beside'),
      whyNotOpened: () => null,
      env: {},
      platform: 'linux',
      mode: 'service',
    } as const;
    const choices = { mode: 'service', tray: true, autostart: true } as const;
    return { before: '1.0.0', choicesBefore: choices, choices, configuration: planConfiguration(input), starts: true };
  };
  return { at, ask: (agreed?: string) => consentOf(planned(), wanted, agreed) };
}

it('an answer counts for the plan that was shown, and for no other', () => {
  const { at, ask } = pc({ CONFIG: 'named.toml' });
  const name = (server: string) => writeFileSync(at('beside/named.toml'), settings(server));
  name('theirs');
  const { open, digest } = ask();
  expect(open).toEqual(['agent.nats_url: nats://it:4222 → nats://theirs:4222']);
  expect(ask(digest).open).toEqual([]);
  expect(ask('').open).toEqual(open);
  // Exchanged while the question is on the screen.
  name('evil');
  expect(ask(digest).open).toEqual(['agent.nats_url: nats://it:4222 → nats://evil:4222']);
});

it('a secret that is exchanged is another plan, though it looks the same', () => {
  const { at, ask } = pc({ TOKENFILE: 'token.txt' });
  writeFileSync(at('beside/token.txt'), 'first');
  const { open, digest } = ask();
  expect(open).toEqual(['deletes token.txt', 'NatsToken: …']);
  expect(ask(digest).open).toEqual([]);
  writeFileSync(at('beside/token.txt'), 'second');
  expect(ask(digest).open).toEqual(open);
});

it('what had nothing to be asked for does not stand for what has', () => {
  const { at, ask } = pc({ CONFIG: 'named.toml' });
  writeFileSync(at('beside/named.toml'), settings('it'));
  const { open, digest } = ask();
  expect(open).toEqual([]);
  writeFileSync(at('beside/named.toml'), settings('evil'));
  expect(ask(digest).open).toHaveLength(1);
});
