/**
 * What an installation changes of a PC that is set up already, for the person who is asked to agree. Anybody can start the genuine
 * installer with words of their own, and Windows shows only its name and its publisher (threat-model §6). Invariant: nothing that
 * those words can hold keeps one that matters from being shown.
 */
import { dirname, win32 } from 'node:path';
import { templateFactsOf } from '../agent/config/machine.ts';
import { parseServers } from '../agent/config/servers.ts';
import { isSettingKey, settingOf } from '../agent/config/settings.ts';
import { renderTemplate } from '../agent/config/template.ts';
import type { TemplateFacts } from '../agent/config/template-expression.ts';
import { compareVersions } from '../base/compare-versions.ts';
import { SECRETS_KEY, SIGN_IN_SECRETS } from '../platform/secrets.ts';
import { flatSettings, type TomlScalar } from './agent-toml.ts';
import { readIfThere } from './files.ts';
import { whyNotDeleted } from './named-files.ts';
import type { InstallInput, Plan } from './plan.ts';
import type { System } from './system.ts';

const MAX_NAME_CHARS = 40;
const MAX_SHOWN_CHARS = 120;
/** A text of NSIS holds 1,024 characters, the question among them. */
const MAX_ASKED_CHARS = 600;

const DELETES = 'deletes ';

/** Whoever changes them has the PC: first of all, wherever they stand in the file. */
const FIRST = [
  'agent.nats_url:',
  'tls.',
  'CommandKeys:',
  'RequireSignedCommands:',
  'commands.signatures:',
  'commands.keys_file:',
  'update.keys_file:',
  'helpdesk.',
  '/',
  DELETES,
  'agent.nats_url ',
];
/** What only shows, or is no setting, and may be as long as one likes: behind all that does something. */
const LAST = ['brand.', 'support.', 'log.', '"'];
/** Others are shown in quotation marks, and so are taken for nothing else. */
const PLAIN_NAME = /^[\w.-]+$/;

/** What was asked for, and the PC that it is asked of. */
export type Wanted = Pick<InstallInput, 'parameters' | 'version' | 'env' | 'platform' | 'beside'> & {
  readonly system: Pick<System, 'readValue'>;
};

/**
 * One for each setting and secret that is another one afterwards, without what is secret of it, for each word that does something
 * else to a PC than an upgrade, and for each file that goes, what matters most first; none where the PC was not set up.
 */
export function changesOf(plan: Omit<Plan, 'starts'>, wanted: Wanted): readonly string[] {
  const { file, toml, secrets, spent } = plan.configuration;
  const before = readIfThere(file)?.toString('utf8') ?? null;
  const stored = (name: string) => storedText(wanted.system, name);
  // Settings may lie elsewhere, or come from a policy.
  const isSetUp =
    before !== null ||
    plan.before !== null ||
    (wanted.env.KANADE_AGENT_CONFIG ?? '') !== '' ||
    [...SIGN_IN_SECRETS, 'CommandKeys', 'RequireSignedCommands'].some((name) => stored(name) !== null);
  if (!isSetUp) return [];
  const found = [
    ...(toml === null ? [] : settingsBetween(file, before ?? '', toml, wanted)),
    ...Object.entries(secrets).flatMap(([name, value]) => {
      const text = stored(name);
      if (text === value) return [];
      return [name === 'RequireSignedCommands' ? change(name, text, value) : `${name}: …`];
    }),
    ...wordsThatCount(plan, wanted),
    // The others are left where they are (`put-settings.ts`).
    ...spent.filter((path) => whyNotDeleted(path, wanted.beside) === null).map(deletion),
  ];
  const rank = (text: string) => {
    const at = FIRST.findIndex((start) => text.startsWith(start));
    if (at >= 0) return at;
    return LAST.some((start) => text.startsWith(start)) ? FIRST.length + 1 : FIRST.length;
  };
  return found.toSorted((a, b) => rank(a) - rank(b));
}

/** By its name: the directory is that of the installer. */
function deletion(path: string): string {
  return `${DELETES}${named(win32.basename(path), MAX_SHOWN_CHARS)}`;
}

/** As many of `changes`, whole, as a person can be shown at once, and how many there are beside them. */
export function askedText(changes: readonly string[]): string {
  let text = '';
  for (const [at, each] of changes.entries()) {
    const longer = at === 0 ? each : `${text}; ${each}`;
    if (longer.length > MAX_ASKED_CHARS) return `${text}; and ${changes.length - at} more`;
    text = longer;
  }
  return text;
}

/** What of the command line is no setting, and does what an upgrade does not. */
function wordsThatCount({ before, choices, choicesBefore }: Omit<Plan, 'starts'>, { parameters, version }: Wanted) {
  const isOlder = before !== null && compareVersions(version, before) < 0;
  const was = choicesBefore ?? { mode: 'service', autostart: true };
  const counts = {
    '/SYSPREP': parameters.SYSPREP,
    '/RESTORE': parameters.RESTORE,
    '/REPLACE': parameters.REPLACE,
    '/NOSTART': parameters.NOSTART,
    '/ALLOWDOWNGRADE': isOlder && parameters.ALLOWDOWNGRADE,
  };
  return [
    ...(choices.mode === was.mode ? [] : [`/MODE=${choices.mode}`]),
    ...(choices.autostart === was.autostart ? [] : [`/NOAUTOSTART=${choices.autostart ? 0 : 1}`]),
    ...Object.entries(counts).flatMap(([word, isGiven]) => (isGiven === true ? [word] : [])),
  ];
}

function storedText({ readValue }: Wanted['system'], name: string): string | null {
  const value = readValue(SECRETS_KEY, name);
  return value.kind === 'text' ? value.text : value.kind === 'number' ? String(value.value) : null;
}

/**
 * As the agent reads both on this PC, its templates filled in: what was set and is not, too. What differs as it is written alone is
 * another one as well: the service has other variables than a set-up.
 */
function settingsBetween(file: string, before: string, after: string, { env, platform }: Wanted): string[] {
  if (before === after) return [];
  const unclear = `agent.nats_url and others may change: ${file}`;
  const facts = templateFactsOf({ env, platform, cwd: dirname(file) });
  const [was, is] = [filledIn(before, facts), filledIn(after, facts)];
  if (was === null || is === null) return [unclear];
  const [written, writes] = [flatSettings(before), flatSettings(after)];
  // With templates around lines it is no TOML before they are filled in.
  if (!written.ok || !writes.ok) return [...differences(was, is), unclear];
  const known = new Set(namesIn(was, is).filter((name) => was[name] !== is[name]));
  return [...differences(was, is), ...differences(written.values, writes.values, known)];
}

type Values = Readonly<Record<string, TomlScalar>>;

/** null: the agent can't read it. */
function filledIn(toml: string, facts: TemplateFacts): Values | null {
  const rendered = renderTemplate(toml, facts);
  const read = rendered.ok ? flatSettings(rendered.text) : null;
  return read?.ok === true ? read.values : null;
}

function namesIn(...values: readonly Values[]): string[] {
  return [...new Set(values.flatMap((each) => Object.keys(each)))];
}

function differences(was: Values, is: Values, known: ReadonlySet<string> = new Set()): string[] {
  return namesIn(was, is).flatMap((name) =>
    was[name] === is[name] || known.has(name) ? [] : [change(name, was[name] ?? null, is[name] ?? null)],
  );
}

function change(name: string, before: TomlScalar | null, after: TomlScalar | null): string {
  const text = (value: TomlScalar | null, other: TomlScalar | null) =>
    value === null ? '–' : shown(name, value, other);
  return `${named(name, MAX_NAME_CHARS)}: ${text(before, null)} → ${text(after, before)}`;
}

function named(name: string, maxChars: number): string {
  const text = clipped(name, maxChars);
  return PLAIN_NAME.test(name) ? text : JSON.stringify(text);
}

/** Never a secret: it goes into the log too. What is not ours may be anything. */
function shown(name: string, value: TomlScalar, before: TomlScalar | null): string {
  return clipped(withoutSecrets(name, String(value), before) ?? '…', MAX_SHOWN_CHARS);
}

/** Nothing that turns the text around, or hides some of it. */
function clipped(text: string, maxChars: number): string {
  const plain = text.replaceAll(/\p{C}/gu, '·');
  return plain.length > maxChars ? `${plain.slice(0, maxChars)}…` : plain;
}

function withoutSecrets(name: string, text: string, before: TomlScalar | null): string | null {
  if (name === 'RequireSignedCommands') return text;
  if (!isSettingKey(name) || settingOf(name).secret === true) return null;
  if (settingOf(name).kind !== 'servers') return text;
  const urls = urlsOf(text);
  if (urls === null || urls.join(', ').length <= MAX_SHOWN_CHARS) return urls?.join(', ') ?? null;
  // A long list hides no new server behind those that were there.
  const known = before === null ? [] : (urlsOf(String(before)) ?? []);
  return [...urls.filter((url) => !known.includes(url)), ...urls.filter((url) => known.includes(url))].join(', ');
}

function urlsOf(text: string): readonly string[] | null {
  const servers = parseServers(text);
  return servers.ok ? servers.list.urls : null;
}
