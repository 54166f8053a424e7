import { afterEach, beforeEach, expect, test } from 'vitest';
import { NO_POLICIES, TestMachine, toml } from '../../../test/support/config-machine.ts';
import type { Loaded } from './load.ts';

let here: TestMachine;
beforeEach(() => {
  here = new TestMachine();
});
afterEach(() => here.remove());

interface Wanted {
  /** `[commands] signatures` of the file. */
  readonly file: string;
  /** The policy `RequireSignedCommands`. */
  readonly policy?: unknown;
  /** The original's switch. */
  readonly switched?: boolean;
}

function load({ file, policy, switched }: Wanted): Loaded {
  const configPath = here.file('agent.toml', toml(`[commands]\nsignatures = "${file}"\n`));
  const value = { value: policy, file: 'policy.json', line: 2 };
  const machine = here.machine('headless', {
    policies:
      policy === undefined ? NO_POLICIES : { ...NO_POLICIES, values: new Map([['RequireSignedCommands', value]]) },
    signedCommandsSwitch: switched === true ? { file: '/etc/kanade/require-signed-commands', odd: null } : null,
  });
  return here.load({ configPath, machine });
}

const settled: [by: string, wanted: Wanted, value: string, source: string][] = [
  ['nobody', { file: 'off' }, 'off', 'agent.toml'],
  ['agent.toml', { file: 'require' }, 'require', 'agent.toml'],
  ['a policy', { file: 'off', policy: 1 }, 'require', 'policy'],
  ['agent.toml, which no policy takes back', { file: 'require', policy: 0 }, 'require', 'agent.toml'],
  ['agent.toml in part, which no policy takes back', { file: 'report', policy: 0 }, 'report', 'agent.toml'],
  ["the original's switch", { file: 'off', switched: true }, 'require', 'switch'],
  [
    "the original's switch, which no policy takes back",
    { file: 'off', policy: 0, switched: true },
    'require',
    'switch',
  ],
];
test.each(settled)('required by %s, the strictest one counts, and is named', (_by, wanted, value, source) => {
  const loaded = load(wanted);
  expect(loaded.ok && loaded.config.commands.signatures).toBe(value);
  expect(loaded.ok && loaded.config.settings['commands.signatures']).toMatchObject({ value, source });
  expect(loaded.warnings).toEqual([]);
});

test('the switch alone sets up nothing', () => {
  const machine = here.machine('headless', { signedCommandsSwitch: { file: '/switch', odd: null } });
  const loaded = here.load({ machine });
  expect(loaded.ok || [loaded.state, loaded.message]).toEqual([
    'not_set_up',
    expect.stringMatching(/^config not found .*$/),
  ]);
});

test('a switch that nobody understands counts as set, and says what was found', () => {
  const machine = here.machine('headless', { signedCommandsSwitch: { file: 'HKLM\\x', odd: '"on"' } });
  const loaded = here.load({ configPath: here.file('agent.toml', toml()), machine });
  expect(loaded.ok || loaded.message.split('\n')).toEqual([
    'HKLM\\x: RequireSignedCommands: expected 1 or 0, found "on"',
  ]);
});

test('the file of the keys begins where its settings are', () => {
  const loaded = here.load({ configPath: here.file('agent.toml', toml('[commands]\nkeys_file = "keys.json"\n')) });
  expect(loaded.ok && loaded.config.commands.keysFile).toBe(`${here.root}/keys.json`);
});
