/** A value that can't be understood is never "not set": for every setting, from every source that there is. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_POLICIES, TestMachine, toml } from '../../../test/support/config-machine.ts';
import { UnreadableValue } from '../../platform/policies.ts';
import { POLICY_NAMES } from './collect.ts';
import { SETTING_KEYS, type SettingKey, settingOf } from './settings.ts';

let here: TestMachine;
beforeEach(() => {
  here = new TestMachine();
});
afterEach(() => here.remove());

const ODD: [what: string, value: unknown][] = [
  ['a table', {}],
  ['a list', [1]],
  ['nothing', null],
  ['a fraction', 0.5],
  ['an empty text', ''],
  ['a number out of all bounds', 4_294_967_295],
  ['a value of another kind', new UnreadableValue('a value of another kind than REG_SZ and REG_DWORD')],
  ['a value that no account may read', new UnreadableValue("a value that can't be read (Windows error 5)")],
];

const keyOf = (name: string) => SETTING_KEYS.find((key) => settingOf(key).policy?.name === name) as SettingKey;
const isDecoration = (key: SettingKey) => settingOf(key).decoration === true;

describe.each([...POLICY_NAMES])('the policy %s', (name) => {
  test.each(ODD)('that is %s is a problem by which nothing runs; a decoration is left out and told of', (_, value) => {
    const policies = { ...NO_POLICIES, values: new Map([[name, { value, file: 'policies', line: null }]]) };
    const configPath = here.file('agent.toml', toml());
    const loaded = here.load({ configPath, machine: here.machine('headless', { policies }) });
    if (isDecoration(keyOf(name))) {
      expect(loaded).toMatchObject({ ok: true, warnings: [{ file: 'policies', key: name }] });
    } else {
      expect(loaded).toMatchObject({ ok: false, state: 'config_invalid', problems: [{ file: 'policies', key: name }] });
    }
  });
});

const OWN = SETTING_KEYS.filter((key) => settingOf(key).policyOnly !== true && !isDecoration(key));

test.each(OWN)('%s of agent.toml that is a list is a problem', (key) => {
  const [table, name] = key.split('.');
  const base = toml().replace(new RegExp(`^${name} = .*\n`, 'm'), '');
  const other = base.includes(`[${table}]`)
    ? base.replace(`[${table}]\n`, `[${table}]\n${name} = [1]\n`)
    : `${base}[${table}]\n${name} = [1]\n`;
  const loaded = here.load({ configPath: here.file('agent.toml', other) });
  expect(loaded.ok || loaded.problems.map((problem) => problem.key)).toContain(key);
});

test('policies that can not be read at all are a problem, whatever the settings say', () => {
  const problems = [{ file: 'policy.json', line: null, key: 'policies', text: 'a file that root alone can write' }];
  const machine = here.machine('headless', { policies: { ...NO_POLICIES, problems } });
  const loaded = here.load({ configPath: here.file('agent.toml', toml()), machine });
  expect(loaded).toMatchObject({ ok: false, state: 'config_invalid', problems: [{ key: 'policies' }] });
});
