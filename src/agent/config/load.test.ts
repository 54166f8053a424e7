import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FACTS, TestMachine, toml } from '../../../test/support/config-machine.ts';
import { type PolicyReading, type PolicyValue, readPolicies } from '../../platform/policies.ts';
import type { BootConfig } from './boot-config.ts';
import type { Loaded, LoadInput } from './load.ts';
import type { Machine } from './machine.ts';

let here: TestMachine;
beforeEach(() => {
  here = new TestMachine();
});
afterEach(() => here.remove());

const STANDARD = 'machine/agent.toml';

function goneMachine(): Machine {
  const machine = here.machine();
  return { ...machine, facts: { ...machine.facts, system: { ...machine.facts.system, cwd: null } } };
}

function configOf(loaded: Loaded): BootConfig {
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded.config;
}

function policies(values: Record<string, unknown>): PolicyReading {
  const entries = Object.entries(values).map(([name, value]): [string, PolicyValue] => [
    name,
    { value, file: 'policy.json', line: 2 },
  ]);
  return { values: new Map(entries), ignored: [], problems: [] };
}

/** Loads the standard file with policies. */
function withPolicies(values: Record<string, unknown>, more = '', input: Partial<LoadInput> = {}): Loaded {
  here.file(STANDARD, toml(more));
  return here.load({ ...input, machine: here.machine('headless', { policies: policies(values) }) });
}

describe('where the file is looked for', () => {
  test('--config comes first, then the environment, then the configuration directory', () => {
    here.file(STANDARD, toml().replace('PC-1', 'standard'));
    const argument = here.file('a.toml', toml().replace('PC-1', 'argument'));
    const variable = here.file('b.toml', toml().replace('PC-1', 'variable'));
    const env = { KANADE_AGENT_CONFIG: variable };
    const ids = [{ configPath: argument, env }, { env }, { env: { KANADE_AGENT_CONFIG: '' } }, {}].map(
      (input) => configOf(here.load(input)).agent.id,
    );
    expect(ids).toEqual(['argument', 'variable', 'standard', 'standard']);
  });

  test('without any file the message is exactly that of the original', () => {
    const wanted = join(here.root, STANDARD);
    expect(here.load()).toEqual({
      ok: false,
      state: 'not_set_up',
      problems: [{ file: wanted, line: null, key: 'agent.toml', expected: 'a settings file' }],
      warnings: [],
      message: `config not found — pass \`--config <path>\`, set \`KANADE_AGENT_CONFIG\`, or place \`agent.toml\` at \`${wanted}\``,
      files: [wanted],
      shown: expect.objectContaining({ complete: false }),
    });
  });

  test('with a problem elsewhere, what people are shown of the settings is there, and says whether that is all', () => {
    const said = '[support]\nphone = "03-1"\n[brand]\nname = "ACME"\n';
    const shownOf = (text: string) => {
      here.file(STANDARD, text);
      const loaded = here.load();
      return loaded.ok ? null : loaded.shown;
    };
    expect(shownOf(`${toml()}\n${said}[history]\ndays = "many"\n`)).toMatchObject({
      complete: true,
      pcId: 'PC-1',
      support: { phone: '03-1', mail: null },
      brand: { name: 'ACME' },
    });
    expect(shownOf(`${toml()}\n${said}[history\n`)).toMatchObject({ complete: false, support: { phone: null } });
  });

  test('a named file is taken as given, even if it is missing', () => {
    here.file(STANDARD, toml());
    const missing = join(here.root, 'missing.toml');
    expect(here.load({ configPath: missing })).toMatchObject({
      ok: false,
      state: 'not_set_up',
      message: `${missing}: agent.toml: expected a file that can be read (ENOENT)`,
    });
  });

  test('a directory in the place of the file is a problem, not an exception', () => {
    expect(here.load({ configPath: here.root })).toMatchObject({
      ok: false,
      state: 'config_invalid',
      message: `${here.root}: file: expected a file that can be read (EISDIR)`,
    });
  });

  test('a relative path begins at the start directory', () => {
    here.file('here.toml', toml('[tls]\nca = "ca.pem"\n'));
    const config = configOf(here.load({ configPath: 'here.toml', cwd: here.root }));
    expect([config.files, config.tls.ca]).toEqual([[join(here.root, 'here.toml')], join(here.root, 'ca.pem')]);
  });
});

describe('tray mode', () => {
  test('a start directory that is gone is a problem of what needs it, and of nothing else', () => {
    here.file('whole.toml', toml());
    here.file('relative.toml', toml().replace('/var/log/kanade/agent.log', 'agent.log'));
    here.file('template.toml', toml('[support]\ntext = "{{ system.cwd }}"\n'));
    const load = (configPath: string) => here.load({ configPath, cwd: null, machine: goneMachine() });
    expect(load(join(here.root, 'whole.toml')).ok).toBe(true);
    for (const file of ['whole.toml', join(here.root, 'relative.toml'), join(here.root, 'template.toml')]) {
      const loaded = load(file);
      expect(loaded.ok ? '' : loaded.message).toContain('started in is gone');
    }
  });

  test('the settings of the machine lie under those of the user', () => {
    here.file(STANDARD, toml('[history]\ndays = 30\n[run]\ngrace = "5s"\n'));
    here.file('user/agent.toml', '[agent]\nid = "mine"\n[run]\ngrace = "7s"\n');
    const config = configOf(here.load({ startedAs: 'tray' }));
    expect([config.agent.id, config.history.days, config.run.graceMs, config.agent.natsUrl.urls]).toEqual([
      'mine',
      30,
      7_000,
      ['nats://broker:4222'],
    ]);
    expect(config.settings['history.days']).toMatchObject({ source: 'machine agent.toml', line: 8 });
    expect(config.settings['run.grace']).toMatchObject({ source: 'agent.toml', line: 4 });
  });

  test('the settings of the machine are enough, but its log is not the one of the user', () => {
    here.file(STANDARD, toml());
    const config = configOf(here.load({ startedAs: 'tray' }));
    expect([config.agent.id, config.log.path]).toEqual(['PC-1', join(here.root, 'logs', 'agent.log')]);
  });

  test('a user can not lower a security value of the machine', () => {
    here.file(STANDARD, toml('[commands]\nsignatures = "report"\nenabled = false\n'));
    here.file('user/agent.toml', '[commands]\nsignatures = "off"\nenabled = true\n');
    const config = configOf(here.load({ startedAs: 'tray' }));
    expect(config.commands).toMatchObject({ signatures: 'report', enabled: false });
  });

  test('a file that was named stands alone', () => {
    here.file(STANDARD, toml());
    const path = here.file('alone.toml', '[agent]\nid = "x"\n');
    const loaded = here.load({ startedAs: 'tray', configPath: path });
    expect(loaded.ok || loaded.problems.map((problem) => problem.key)).toEqual([
      'agent.nats_url',
      'log.path',
      'log.level',
    ]);
  });
});

describe('which source counts', () => {
  test('policy, then command line, then file, then built-in', () => {
    const of = (values: Record<string, unknown>, overrides: LoadInput['overrides'], more: string) =>
      configOf(withPolicies(values, more, overrides ? { overrides } : {})).settings['history.days'];
    const file = '[history]\ndays = 10\n';
    const found = [
      of({ HistoryDays: 12 }, { 'history.days': 11 }, file),
      of({}, { 'history.days': 11 }, file),
      of({}, undefined, file),
      of({}, undefined, ''),
    ];
    expect(found.map(({ value, source, locked }) => [value, source, locked])).toEqual([
      [12, 'policy', true],
      [11, 'command line', false],
      [10, 'agent.toml', false],
      [90, 'built-in', false],
    ]);
  });

  test('RUST_LOG overrides the level of the file, and one that can not be read is ignored with a warning', () => {
    here.file(STANDARD, toml());
    const loaded = ['debug', 'kanade_agent=warn', '***'].map((filter) => here.load({ env: { RUST_LOG: filter } }));
    expect(loaded.map((each) => configOf(each).log.level)).toEqual(['debug', 'warn', 'info']);
    expect(loaded.map((each) => each.warnings.length)).toEqual([0, 0, 1]);
  });

  test('a policy sets what the file lacks', () => {
    here.file(STANDARD, '[log]\npath = "/l"\nlevel = "info"\n');
    const reading = policies({ PcId: 'from-policy', NatsUrls: 'tls://a,tls://b' });
    const config = configOf(here.load({ machine: here.machine('headless', { policies: reading }) }));
    expect(config.agent).toMatchObject({ id: 'from-policy', natsUrl: { urls: ['tls://a:4222', 'tls://b:4222'] } });
  });

  const flags: [values: Record<string, unknown>, enabled: boolean][] = [
    [{ DisableScripts: 1 }, false],
    [{ DisableScripts: true }, false],
    [{ DisableScripts: 'Yes' }, false],
    [{ DisableScripts: '0' }, true],
    [{}, true],
  ];
  test.each(flags)('the policy %j leaves scripts enabled: %j', (values, enabled) => {
    expect(configOf(withPolicies(values)).commands.enabled).toBe(enabled);
  });

  test('of a security value the strictest counts, whoever named it', () => {
    const of = (disabled: unknown, enabled: boolean) =>
      configOf(withPolicies({ DisableScripts: disabled }, `[commands]\nenabled = ${enabled}\n`)).settings[
        'commands.enabled'
      ];
    expect([of(1, true), of(0, false), of(0, true), of(1, false)].map((each) => [each.value, each.source])).toEqual([
      [false, 'policy'],
      [false, 'agent.toml'],
      [true, 'policy'],
      [false, 'policy'],
    ]);
  });

  test('notifications can only be raised', () => {
    const levels = [0, 1, 2].map(
      (level) => configOf(withPolicies({ NotifyOnRun: level }, '[ui]\nnotify_on_run = 1\n')).ui.notifyOnRun,
    );
    expect(levels).toEqual([1, 1, 2]);
  });

  test('a policy that can not be used is a problem that names it; a decoration is left out', () => {
    const loaded = withPolicies({
      HistoryDays: 'long',
      DisableScripts: 'maybe',
      SupportUrl: 'ftp://x',
      BrandLogoPath: 'logo.png',
    });
    expect(loaded.ok || loaded.message).toBe(
      'policy.json:2: HistoryDays: expected a whole number from 8 to 3650, found "long"\n' +
        'policy.json:2: DisableScripts: expected 1 or 0, found "maybe"',
    );
    expect(loaded.warnings.map((warning) => `${warning.key}: ${warning.message}`)).toEqual([
      'SupportUrl: left out, expected an address that begins with https://, found "ftp://x"',
      'BrandLogoPath: left out, expected an absolute path, found "logo.png"',
    ]);
  });

  test('the policies of updates, and what they can’t be', () => {
    const good = {
      DisableSelfUpdate: 1,
      UpdateChannel: 'beta',
      MaintenanceWindow: '22:00-05:00',
      UpdateDeferHoursMax: '0',
      PauseUntil: '2026-12-24',
    };
    const file = '[update]\nenabled = true\nchannel = "stable"\ndefer_hours_max = 100\n';
    expect(configOf(withPolicies(good, file)).update).toEqual({
      keysFile: null,
      enabled: false,
      byApt: false,
      channel: 'beta',
      window: '22:00-05:00',
      deferHoursMax: 0,
      pauseUntil: '2026-12-24',
    });
    const { message } = { message: '', ...withPolicies({ MaintenanceWindow: 'at night', PauseUntil: '24.12.' }) };
    expect(message).toContain('MaintenanceWindow: expected two times of day such as "22:00-05:00", found "at night"');
    expect(message).toContain('PauseUntil: expected a day such as "2026-12-24", or a time of RFC 3339, found "24.12."');
  });

  test('the registry may hold a number as text', () => {
    expect(configOf(withPolicies({ HistoryDays: '30', MaxOutputMiB: 2 }))).toMatchObject({
      history: { days: 30 },
      output: { maxBytes: 2 * 1024 * 1024 },
    });
  });

  test('a policy file that can not be read as JSON is a problem beside those of agent.toml', () => {
    const path = here.file('policy.json', '{\n"HistoryDays": }');
    here.file(STANDARD, toml('keep_days = -1\n'));
    const reading = readPolicies(new Set(), { platform: 'linux', file: path });
    const asRoot = process.geteuid?.() === 0;
    const loaded = here.load({ machine: here.machine('headless', { policies: reading }) });
    const problems = loaded.ok ? [] : loaded.problems.map((problem) => `${problem.line} ${problem.key}`);
    expect(problems).toEqual(asRoot ? ['7 log.keep_days', '2 policies'] : ['7 log.keep_days']);
  });
});

test('the configuration is frozen to its last value', () => {
  const config = configOf(withPolicies({ PcId: 'x' }, '[auth]\nuser = "u"\npassword_file = "p"\n'));
  const thawed: string[] = [];
  const visit = (value: unknown, at: string) => {
    if (typeof value !== 'object' || value === null) return;
    if (!Object.isFrozen(value)) thawed.push(at);
    for (const [key, inner] of Object.entries(value)) visit(inner, `${at}.${key}`);
  };
  visit(config, 'config');
  expect(thawed).toEqual([]);
  expect(() => Object.assign(config.run, { graceMs: 1 })).toThrow(TypeError);
});

test('templates see the facts of the machine and its environment', () => {
  here.file(STANDARD, toml().replace('PC-1', "{{ system.host }}-{{ env(name='SITE') }}"));
  expect(configOf(here.load({ machine: here.machine('headless', { facts: FACTS }) })).agent.id).toBe('PC-7-osaka');
});
