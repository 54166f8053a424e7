import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import type { RegistryValue } from '../platform/registry.ts';
import { changesOf } from './changes.ts';
import type { Configuration } from './configuration.ts';

const BEFORE = '[agent]\nid = "PC-1"\nnats_url = "nats://it:4222"\n';

function changes(
  wanted: Partial<Configuration>,
  { before = BEFORE, stored = {} }: { before?: string | null; stored?: Readonly<Record<string, RegistryValue>> } = {},
): readonly string[] {
  const file = join(tempDir(), 'agent.toml');
  if (before !== null) writeFileSync(file, before);
  const configuration = { file, toml: null, secrets: {}, spent: [], warnings: [], ...wanted };
  return changesOf(configuration, { readValue: (_key, name) => stored[name] ?? { kind: 'absent' } });
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
  expect(changes({ secrets }, { stored })).toEqual(['NatsToken: …', 'CommandKeys: …', 'RequireSignedCommands: 1 → 0']);
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
  expect(changes({ secrets, toml: BEFORE }, { stored })).toEqual([]);
  expect(changes({ secrets, toml: BEFORE }, { before: null })).toEqual([]);
});
