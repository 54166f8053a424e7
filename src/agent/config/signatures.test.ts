import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Loaded } from './load.ts';
import { NO_POLICIES, TestMachine, toml } from './test-machine.ts';

let here: TestMachine;
beforeEach(() => {
  here = new TestMachine();
});
afterEach(() => here.remove());

const EXPECTED = 'expected "off": this release does not check signatures yet';

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

const refused: [by: string, wanted: Wanted, fault: string][] = [
  ['agent.toml', { file: 'require' }, 'agent.toml:8: commands.signatures'],
  ['a policy', { file: 'off', policy: 1 }, 'policy.json:2: RequireSignedCommands'],
  ['agent.toml, which no policy takes back', { file: 'require', policy: 0 }, 'agent.toml:8: commands.signatures'],
  [
    "the original's switch",
    { file: 'off', switched: true },
    '/etc/kanade/require-signed-commands: commands.signatures',
  ],
];
test.each(refused)('required by %s, signed commands are a fault that names who wants them', (_by, wanted, fault) => {
  const loaded = load(wanted);
  const message = loaded.ok ? '' : loaded.message.replaceAll(`${here.root}/`, '');
  expect([message, loaded.ok || loaded.state]).toEqual([`${fault}: ${EXPECTED}`, 'config_invalid']);
});

test('everybody who requires them is named at once, beside other faults', () => {
  const loaded = load({ file: 'require', policy: 1, switched: true });
  expect(loaded.ok || loaded.faults.map(({ key }) => key)).toEqual([
    'commands.signatures',
    'RequireSignedCommands',
    'commands.signatures',
  ]);
});

test('"report" is a warning, "off" is nothing', () => {
  const found = [load({ file: 'report' }), load({ file: 'off', policy: 0 })];
  expect(found.map(({ ok, warnings }) => [ok, warnings.map(({ key, line, message }) => [key, line, message])])).toEqual(
    [
      [true, [['commands.signatures', 8, 'nothing is reported: this release does not check signatures yet']]],
      [true, []],
    ],
  );
});

test('where nobody has set up this PC yet, the switch alone is told of too', () => {
  const machine = here.machine('headless', { signedCommandsSwitch: { file: '/switch', odd: null } });
  const loaded = here.load({ machine });
  expect(loaded.ok || loaded.message.split('\n')).toEqual([
    expect.stringContaining('config not found'),
    `/switch: commands.signatures: ${EXPECTED}`,
  ]);
});

test('a switch that nobody understands counts as set, and says what was found', () => {
  const machine = here.machine('headless', { signedCommandsSwitch: { file: 'HKLM\\x', odd: '"on"' } });
  const loaded = here.load({ configPath: here.file('agent.toml', toml()), machine });
  expect(loaded.ok || loaded.message.split('\n')).toEqual([
    'HKLM\\x: RequireSignedCommands: expected 1 or 0, found "on"',
    `HKLM\\x: commands.signatures: ${EXPECTED}`,
  ]);
});
