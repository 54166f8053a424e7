import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import type { RegistryValue } from '../platform/registry.ts';
import { askedText, changesOf } from './changes.ts';
import type { Choices } from './choices.ts';
import type { Parameters } from './command-line.ts';
import type { Configuration } from './configuration.ts';

const BEFORE = '[agent]\nid = "PC-1"\nnats_url = "nats://it:4222"\n';
const CHOICES: Choices = { mode: 'service', tray: true, autostart: true };

interface Pc {
  readonly before?: string | null;
  readonly stored?: Readonly<Record<string, RegistryValue>>;
  readonly installed?: string | null;
  readonly choices?: Partial<Choices>;
  readonly parameters?: Parameters;
  readonly env?: Readonly<Record<string, string>>;
}

function changes(wanted: Partial<Configuration>, pc: Pc = {}): readonly string[] {
  const { before = BEFORE, stored = {}, installed = null, parameters = {}, env = {} } = pc;
  const file = join(tempDir(), 'agent.toml');
  if (before !== null) writeFileSync(file, before);
  const configuration = { file, toml: null, secrets: {}, spent: [], warnings: [], ...wanted };
  const choices = { ...CHOICES, ...pc.choices };
  const system = { readValue: (_key: string, name: string): RegistryValue => stored[name] ?? { kind: 'absent' } };
  return changesOf(
    { before: installed, choicesBefore: installed === null ? null : CHOICES, choices, configuration },
    { system, parameters, version: '1.1.0', env, platform: 'linux', beside: 'C:\\Downloads' },
  ).map((each) => each.replaceAll(file, 'agent.toml'));
}

it('names each setting that is another one afterwards, with both values', () => {
  const toml = `${BEFORE.replace('it:4222', 'evil:4222')}[ui]\nshow_output_to_users = 2\n`;
  expect(changes({ toml })).toEqual([
    'agent.nats_url: nats://it:4222 → nats://evil:4222',
    'ui.show_output_to_users: – → 2',
  ]);
});

it('names each secret that is another one, and no secret', () => {
  const secrets = { NatsToken: 'theirs', CommandKeys: '[{"kid":"theirs"}]', RequireSignedCommands: '0' };
  const stored = {
    NatsToken: { kind: 'text', text: 'ours' },
    RequireSignedCommands: { kind: 'text', text: '1' },
  } as const;
  expect(changes({ secrets }, { stored })).toEqual(['CommandKeys: …', 'RequireSignedCommands: 1 → 0', 'NatsToken: …']);
});

it('shows no secret that stands in a setting', () => {
  const before = `${BEFORE.replace('//it', '//taro:first@it')}[helpdesk]\ncode_hash = "first"\n[theirs]\nkey = "first"\n`;
  const toml = before.replaceAll('first', 'second').replace('it:4222', 'b:4222');
  const shown = changes({ toml }, { before });
  expect(shown).toEqual([
    'agent.nats_url: nats://it:4222 → nats://b:4222',
    'helpdesk.code_hash: … → …',
    'theirs.key: … → …',
  ]);
});

it('is nothing for what stays, and for a PC that is not set up', () => {
  const secrets = { NatsToken: 'ours', RequireSignedCommands: '1' };
  const stored = {
    NatsToken: { kind: 'text', text: 'ours' },
    RequireSignedCommands: { kind: 'number', value: 1 },
  } as const;
  expect(changes({ secrets, toml: BEFORE }, { stored, installed: '1.0.0' })).toEqual([]);
  expect(changes({ secrets, toml: BEFORE }, { before: null })).toEqual([]);
  expect(changes({}, { before: null, parameters: { NOSTART: true } })).toEqual([]);
});

it('a PC is set up also where its settings lie elsewhere', () => {
  const set: Pc[] = [
    { installed: '1.0.0' },
    { stored: { CommandKeys: { kind: 'text', text: '[]' } } },
    { env: { KANADE_AGENT_CONFIG: 'D:\\it\\agent.toml' } },
  ];
  for (const pc of set)
    expect(changes({ toml: BEFORE }, { before: null, ...pc })).toContain('agent.nats_url: – → nats://it:4222');
});

it('names what was set and is not any more', () => {
  const before = `${BEFORE}[commands]\nsignatures = "require"\nkeys_file = "/keys.json"\n[ui]\nlanguage = "ja"\n`;
  expect(changes({ toml: BEFORE }, { before })).toEqual([
    'commands.signatures: require → –',
    'commands.keys_file: /keys.json → –',
    'ui.language: ja → –',
  ]);
});

it('names what the agent will obey, whatever templates make of the file', () => {
  const before = `${BEFORE}[commands]\nsignatures = "require"\n`;
  // What is between the halves of a template goes, also where each stands in a setting that nobody looks at.
  const swallowed = `[agent]\nnote = "{{ vars.a }}{% if is_mac() %}"\n${before.replace('[agent]\n', '')}[support]\ntext = "{% endif %}"\n[vars]\n`;
  const toml = `${swallowed}a = ${JSON.stringify('"\nid = "PC-1"\nnats_url = "nats://evil:4222"\n[support]\nphone = "1')}\n`;
  const found = changes({ toml }, { before });
  expect(found[0]).toBe('agent.nats_url: nats://it:4222 → nats://evil:4222');
  expect(found).toContain('commands.signatures: require → –');
  // The service has other variables than a set-up: what is written differently is another setting.
  const asWritten = BEFORE.replace('nats://it:4222', "{{ env(name='NOT_SET_HERE', default='nats://it:4222') }}");
  expect(changes({ toml: asWritten })).toEqual([expect.stringMatching(/^agent\.nats_url: nats:\/\/it:4222 → /)]);
});

it('names the settings file where templates keep its settings from being told', () => {
  const before = `[agent]\n{% if system.host == "A" %}\nid = "PC-1"\n{% endif %}\nnats_url = "nats://it:4222"\n`;
  const after = before.replace('it:4222', 'evil:4222');
  expect(changes({ toml: after }, { before })).toEqual(['agent.nats_url and others may change: agent.toml']);
  expect(changes({ toml: before }, { before })).toEqual([]);
});

it('names the words that do more to the PC than an upgrade does', () => {
  const parameters = { SYSPREP: true, RESTORE: true, REPLACE: true, NOSTART: true, ALLOWDOWNGRADE: true };
  const choices = { mode: 'tray', autostart: false } as const;
  const words = ['/SYSPREP', '/RESTORE', '/REPLACE', '/NOSTART'];
  expect(changes({}, { parameters, choices, installed: '1.0.0' })).toEqual(['/MODE=tray', '/NOAUTOSTART=1', ...words]);
  // Only where there is something newer.
  expect(changes({}, { parameters: { ALLOWDOWNGRADE: true }, installed: '1.2.0' })).toEqual(['/ALLOWDOWNGRADE']);
});

it('nothing keeps what matters from being seen: not other settings, long ones, or a long list of servers', () => {
  const many = Array.from({ length: 50 }, (_, at) => `"nats_url: ${at}${'x'.repeat(200)}" = "${'y'.repeat(500)}"`).join(
    '\n',
  );
  const toml = `[ui]\nlanguage = "${'y'.repeat(500)}"\n${BEFORE.replace('id = ', `${many}\nid = `).replace('it:4222', 'evil:4222')}`;
  const found = changes({ toml, secrets: { CommandKeys: '[]' } });
  const text = askedText(found);
  expect(text).toMatch(/^agent\.nats_url: nats:\/\/it:4222 → nats:\/\/evil:4222; CommandKeys: …; /);
  expect(text).toMatch(/; and \d+ more$/);
  expect(text.length).toBeLessThan(700);
  const old = Array.from({ length: 20 }, (_, at) => `nats://it${at}:4222`).join(',');
  const servers = (list: string) => BEFORE.replace('nats://it:4222', list);
  expect(changes({ toml: servers(`${old},nats://evil:4222`) }, { before: servers(old) })[0]).toContain(
    '→ nats://evil:4222, nats://it0',
  );
});

it('whose certificate counts and who opens the helpdesk’s view stand before texts that are as long as one likes', () => {
  const long = (of: string) => `${of} = "${'y'.repeat(300)}"\n`;
  const texts = `[brand]\n${long('name')}${long('it_name')}[support]\n${long('phone')}${long('text')}`;
  const toml = `${texts}${BEFORE}[tls]\nserver_name = "evil.example"\n[helpdesk]\ncode_hash = "h"\n[run]\ngrace = "1s"\n`;
  const text = askedText(changes({ toml }));
  expect(text).toMatch(/^tls\.server_name: – → evil\.example; helpdesk\.code_hash: .*; run\.grace: – → 1s; /);
});

it('names each file that goes: of those that the words name only what lies beside the installer does', () => {
  const spent = [
    'c:\\downloads\\token.txt',
    'C:\\Windows\\System32\\drivers\\etc\\hosts',
    'C:\\Downloads\\deep\\x.txt',
  ];
  expect(changes({ spent, secrets: { NatsToken: 'new' } })).toEqual(['deletes token.txt', 'NatsToken: …']);
  expect(changes({ spent: ['C:\\Downloads\\a → b'] })).toEqual(['deletes "a → b"']);
});

it('what is shown is in one direction, and nothing of it is hidden', () => {
  const toml = `${BEFORE}[ui]\nlanguage = "a\u202Eb\u200Bc"\n`;
  expect(changes({ toml })).toEqual(['ui.language: – → a·b·c']);
});

it('says all that there is to say where there is room', () => {
  expect(askedText(['a: 1 → 2', '/SYSPREP'])).toBe('a: 1 → 2; /SYSPREP');
});
