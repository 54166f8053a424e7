import { afterAll, expect, test } from 'vitest';
import { TestMachine, toml } from '../../../test/support/config-machine.ts';
import type { LogLevel } from '../../base/logger.ts';
import { SETTING_CHOICES } from '../../shared/i18n/setting-choices.ts';
import { effectiveSettings, formatEffective } from './effective.ts';
import { hashHelpdeskCode } from './helpdesk-code.ts';
import { formatProblems, formatWarnings } from './problem.ts';
import { SETTING_KEYS, settingOf } from './settings.ts';

const machine = new TestMachine();
afterAll(() => machine.remove());

async function loaded() {
  const hash = await hashHelpdeskCode('kennwort-1');
  if (!hash.ok) throw new Error(hash.error);
  const more = `[helpdesk]\ncode_hash = "${hash.hash}"\n[run]\ngrace = "1500ms"\nunknown = 1\n`;
  const path = machine.file('agent.toml', toml(more).replace('broker', 'kanade:geheim@broker'));
  const result = machine.load({ configPath: path, env: { RUST_LOG: 'debug' } });
  if (!result.ok) throw new Error(result.message);
  return { path, hash: hash.hash, ...result };
}

test('every setting of the table is shown once, with its source and place', async () => {
  const { config, path } = await loaded();
  const rows = effectiveSettings(config);
  expect(rows.map((row) => row.key)).toEqual(SETTING_KEYS);
  const row = (key: string) => rows.find((each) => each.key === key);
  expect(row('run.grace')).toEqual({
    key: 'run.grace',
    value: '1s 500ms',
    source: 'agent.toml',
    place: `${path}:10`,
    locked: false,
    about: 'How long running scripts may go on when the agent stops',
    means: { kind: 'amount', amount: 1_500, unit: 'ms' },
    builtIn: { kind: 'amount', amount: 20_000, unit: 'ms' },
    changed: true,
  });
  expect(row('agent.nats_url')).toMatchObject({ means: { kind: 'text', text: 'nats://broker:4222' }, changed: false });
  expect(row('inventory.enabled')).toMatchObject({ means: { kind: 'switch', on: true }, changed: false });
  expect(row('log.level')).toMatchObject({ value: 'debug', source: 'environment', place: 'RUST_LOG' });
  expect(row('history.days')).toMatchObject({ value: '90 days', source: 'built-in', place: null });
  expect(row('tls.ca')).toMatchObject({ value: null, source: 'built-in' });
});

test('each value that is one of a few has its words in both languages, and no others have', () => {
  const values = SETTING_KEYS.flatMap((key): [string, string[]][] => {
    const setting = settingOf(key);
    if (setting.kind === 'choice') return [[key, [...setting.choices]]];
    if (setting.kind === 'log_level') return [[key, ['debug', 'error', 'info', 'warn'] satisfies LogLevel[]]];
    if (setting.kind !== 'integer' || setting.unit !== 'level') return [];
    return [[key, Array.from({ length: setting.max - setting.min + 1 }, (_, at) => String(setting.min + at))]];
  });
  const said = Object.entries(SETTING_CHOICES).map(([key, words]) => [key, Object.keys(words).sort()]);
  expect(Object.fromEntries(said)).toEqual(Object.fromEntries(values.map(([key, all]) => [key, all.sort()])));
});

test('no secret is shown, neither as a value nor in the text', async () => {
  const { config, warnings, hash } = await loaded();
  const rows = effectiveSettings(config);
  const secret = rows.find((row) => row.key === 'helpdesk.code_hash');
  expect(secret).toMatchObject({ value: '(set)', means: { kind: 'secret' }, builtIn: { kind: 'none' }, changed: true });
  expect(rows.find((row) => row.key === 'agent.nats_url')?.value).toBe('nats://broker:4222');
  const text = formatEffective(config, warnings);
  expect([text.includes('geheim'), text.includes(hash), JSON.stringify(rows).includes('geheim')]).toEqual([
    false,
    false,
    false,
  ]);
});

test('the text names files, directories, values with their places, and the warnings', async () => {
  const { config, warnings, path } = await loaded();
  const lines = formatEffective(config, warnings).split('\n');
  const line = (start: string) => lines.find((each) => each.startsWith(start))?.replaceAll(/ {2,}/g, ' | ');
  expect([line('settings file'), line('data directory'), line('run.grace'), line('log.level')]).toEqual([
    `settings file | ${path}`,
    `data directory | ${config.directories.data} | built-in`,
    `run.grace | 1s 500ms | agent.toml, ${path}:10`,
    'log.level | debug | environment, RUST_LOG',
  ]);
  expect(lines).toContain(`${path}:11: run.unknown: not a setting that this version knows, ignored`);
});

test('a problem and a warning are one line each, without a line number where there is none', () => {
  const at = { file: 'HKLM\\x', line: null, key: 'PcId' };
  expect(formatProblems([{ ...at, expected: 'a name' }])).toBe('HKLM\\x: PcId: expected a name');
  expect(formatWarnings([{ ...at, line: 3, message: 'ignored' }])).toBe('HKLM\\x:3: PcId: ignored');
});
