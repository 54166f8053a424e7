/**
 * What an installation changes of a PC that is set up already, for the person who is asked to agree. Anybody can start the genuine
 * installer with words of their own, and Windows shows only its name and its publisher (threat-model §6).
 */
import { parseServers } from '../agent/config/servers.ts';
import { isSettingKey, settingOf } from '../agent/config/settings.ts';
import { SECRETS_KEY } from '../platform/secrets.ts';
import { flatSettings, type TomlScalar } from './agent-toml.ts';
import type { Configuration } from './configuration.ts';
import { readIfThere } from './files.ts';
import type { System } from './system.ts';

const MAX_SHOWN_CHARS = 120;

/** One for each setting and secret that is another one afterwards, without what is secret of it; none where the PC had no settings. */
export function changesOf(
  { file, toml, secrets }: Configuration,
  { readValue }: Pick<System, 'readValue'>,
): readonly string[] {
  const before = readIfThere(file)?.toString('utf8') ?? null;
  if (before === null) return [];
  const stored = Object.entries(secrets).flatMap(([name, wanted]) => {
    const value = readValue(SECRETS_KEY, name);
    const found = value.kind === 'text' ? value.text : value.kind === 'number' ? String(value.value) : null;
    return found === wanted ? [] : [name === 'RequireSignedCommands' ? change(name, found, wanted) : `${name}: …`];
  });
  return [...(toml === null ? [] : settingsBetween(valuesOf(before), valuesOf(toml))), ...stored];
}

type Values = Readonly<Record<string, TomlScalar>>;

function valuesOf(toml: string): Values {
  const read = flatSettings(toml);
  return read.ok ? read.values : {};
}

function settingsBetween(before: Values, after: Values): string[] {
  return Object.entries(after).flatMap(([name, value]) =>
    before[name] === value ? [] : [change(name, before[name] ?? null, value)],
  );
}

function change(name: string, before: TomlScalar | null, after: TomlScalar): string {
  return `${name}: ${before === null ? '–' : shown(name, before)} → ${shown(name, after)}`;
}

/** Never a secret: it goes into the log too. What is not ours may be anything. */
function shown(name: string, value: TomlScalar): string {
  const text = withoutSecrets(name, String(value)) ?? '…';
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
}

function withoutSecrets(name: string, text: string): string | null {
  if (name === 'RequireSignedCommands') return text;
  if (!isSettingKey(name) || settingOf(name).secret === true) return null;
  if (settingOf(name).kind !== 'servers') return text;
  const servers = parseServers(text);
  return servers.ok ? servers.list.urls.join(', ') : null;
}
