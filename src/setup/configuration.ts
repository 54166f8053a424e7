/**
 * What the installation writes of the settings and secrets of this PC. Invariant: what is there already is changed only by a
 * parameter that names it; a settings file that the agent could not use is never written.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { loadBootConfig } from '../agent/config/load.ts';
import { replaceFile } from '../base/replace-file.ts';
import { readTrustedFile, type SIGN_IN_SECRETS, type TrustedFile } from '../platform/secrets.ts';
import { distrustPath } from '../platform/trusted-path.ts';
import { whyNotOfWindows } from '../platform/windows/drives.ts';
import type { Directories } from '../shared/directories.ts';
import { errorCode } from '../shared/error-code.ts';
import { flatSettings, type TomlScalar, withSettings } from './agent-toml.ts';
import { checkCommandKeys } from './command-keys.ts';
import type { Parameters } from './command-line.ts';
import { SETUP_EXIT, SetupError } from './exit-codes.ts';
import { putBack, readIfThere } from './files.ts';
import type { MachineEnvironment } from './machine-environment.ts';

export interface ConfigurationInput {
  readonly parameters: Parameters;
  readonly directories: Directories;
  /** Where the installer lies: relative paths of parameters begin there. null: no person and no tool has started one. */
  readonly beside: string | null;
  /** Why a file that the parameters name is not opened; null: it is. */
  readonly whyNotOpened: (path: string) => string | null;
  /** Of the machine, never of whoever has started us. */
  readonly env: MachineEnvironment['env'];
  readonly platform: NodeJS.Platform;
  readonly mode: 'service' | 'tray';
}

/** Names of values below the secrets' key, as the agent reads them (protocol §9.4). */
export type Secrets = Readonly<
  Partial<Record<(typeof SIGN_IN_SECRETS)[number] | 'CommandKeys' | 'RequireSignedCommands', string>>
>;

export interface Configuration {
  readonly file: string;
  /** The whole settings file; null: the one that is there stays, or there is none. */
  readonly toml: string | null;
  readonly secrets: Secrets;
  /** Files that held a secret, to be deleted once it is stored. */
  readonly spent: readonly string[];
  readonly warnings: readonly string[];
}

/** Works out what to write, and tries it; nothing is written yet but a file that is removed again. @throws {SetupError} */
export function planConfiguration(input: ConfigurationInput): Configuration {
  const file = join(input.directories.config, 'agent.toml');
  const before = readIfThere(file)?.toString('utf8') ?? null;
  const { secrets, spent, warnings } = secretsOf(input);
  const wanted = settingsOf(input, before, (text) => warnings.push(text));
  const toml = wanted === before ? null : wanted;
  if (toml !== null) tryOut(input, file, toml);
  return { file, toml, secrets, spent, warnings };
}

const NO_SERVERS = '/NATSURL is missing: without it no other setting can be written';

/** null: nothing to write. */
function settingsOf(input: ConfigurationInput, before: string | null, warn: (text: string) => void): string | null {
  const { parameters } = input;
  const dropIn = dropInOf(input, before !== null, warn);
  const named: Record<string, TomlScalar> = {};
  if (parameters.NATSURL !== undefined) named['agent.nats_url'] = parameters.NATSURL;
  if (parameters.PCID !== undefined) named['agent.id'] = parameters.PCID;
  if (parameters.NOTRAY !== undefined) named['ui.show_tray'] = !parameters.NOTRAY;
  if (parameters.NOUPDATE !== undefined) named['update.enabled'] = !parameters.NOUPDATE;
  if (parameters.LANG !== undefined && before === null) named['ui.language'] = parameters.LANG;
  if (parameters.SYSPREP === true) named['agent.id'] = HOST_NAME;
  if (before !== null) {
    const hosted = parameters.MODE === undefined ? {} : { 'agent.host': parameters.MODE };
    const changes = { ...dropIn?.values, ...named, ...hosted };
    return Object.keys(changes).length === 0 ? null : withSettings(before, changes);
  }
  if (dropIn === null && named['agent.nats_url'] === undefined) {
    const others = Object.keys(named).filter(
      (name) => name !== 'ui.language' && name !== 'ui.show_tray' && parameters.SYSPREP !== true,
    );
    if (others.length > 0) throw new SetupError(SETUP_EXIT.configuration, NO_SERVERS);
    return null;
  }
  const given = { ...dropIn?.values, ...named };
  const { logs } = input.directories;
  const rest: Record<string, TomlScalar> = {
    'agent.id': HOST_NAME,
    'agent.host': input.mode,
    'log.path': join(logs, 'agent.log'),
    'log.level': 'info',
  };
  const missing = Object.fromEntries(Object.entries(rest).filter(([name]) => given[name] === undefined));
  return withSettings(dropIn?.text ?? '', { ...missing, ...named });
}

/** Resolved at each start, so that a copied disk has no name of another PC. */
const HOST_NAME = '{{ system.host }}';

interface DropIn {
  readonly text: string;
  readonly values: Readonly<Record<string, TomlScalar>>;
}

/**
 * `/CONFIG`, else `install.toml` beside the installer; the latter only for a PC that has no settings yet, and only where nobody else
 * could have put it there, or have led the way there elsewhere: an installer that is genuine says nothing of what lies beside it.
 */
function dropInOf(input: ConfigurationInput, hasSettings: boolean, warn: (text: string) => void): DropIn | null {
  const { parameters, beside } = input;
  const named = parameters.CONFIG;
  if (named !== undefined) {
    const file = pathOf(input, named, 'CONFIG');
    return parsed(file, readNamed(file, 'CONFIG'));
  }
  if (beside === null) return null;
  const file = resolve(beside, 'install.toml');
  if (hasSettings || !existsSync(file)) return null;
  const found = readUnnamed(file);
  if (found.kind === 'ok') return parsed(file, found.text);
  if (found.kind === 'missing') return null;
  const text = `${file} is not read, since it ${found.why}; name it by /CONFIG if it is IT's`;
  if (parameters.NATSURL === undefined) throw new SetupError(SETUP_EXIT.configuration, text);
  warn(text);
  return null;
}

function parsed(file: string, text: string): DropIn {
  const read = flatSettings(text);
  if (!read.ok) throw new SetupError(SETUP_EXIT.configuration, `${file}:${read.line}: ${read.why}`);
  return { text, values: read.values };
}

const MAX_SETTINGS_BYTES = 1024 * 1024;

/** Nobody has named it: on the disk of Windows, where nobody else could have put it or can lead the way elsewhere. */
function readUnnamed(file: string): TrustedFile {
  const elsewhere = process.platform === 'win32' ? whyNotOfWindows(file) : null;
  if (elsewhere !== null) return { kind: 'refused', why: elsewhere };
  const why = distrustPath(dirname(file));
  if (why !== null) return { kind: 'refused', why: `lies in a directory that ${why}` };
  return readTrustedFile(file, { owners: 'root_or_self', maxBytes: MAX_SETTINGS_BYTES, wholeWay: true });
}

function secretsOf(input: ConfigurationInput): Pick<Configuration, 'secrets' | 'spent'> & { warnings: string[] } {
  const { parameters } = input;
  const { TOKEN, TOKENFILE, NATSUSER, NATSPASSFILE, KEYS } = parameters;
  const secrets: { -readonly [K in keyof Secrets]: Secrets[K] } = {};
  const spent: string[] = [];
  const warnings: string[] = [];
  const wrong = (text: string) => new SetupError(SETUP_EXIT.configuration, text);
  if (TOKEN !== undefined && TOKENFILE !== undefined) throw wrong('/TOKEN and /TOKENFILE: one of them');
  if ((TOKEN ?? TOKENFILE) !== undefined && (NATSUSER ?? NATSPASSFILE) !== undefined)
    throw wrong('a token and /NATSUSER: one way to sign in');
  if ((NATSUSER === undefined) !== (NATSPASSFILE === undefined)) throw wrong('/NATSUSER and /NATSPASSFILE go together');
  const fromFile = (given: string, parameter: string) => {
    const file = pathOf(input, given, parameter);
    const secret = readNamed(file, parameter).replace(/[\r\n]+$/, '');
    if (secret === '') throw wrong(`/${parameter}: ${file} is empty`);
    spent.push(file);
    return secret;
  };
  if (TOKEN !== undefined) {
    secrets.NatsToken = TOKEN;
    warnings.push(
      '/TOKEN stands in the lists of running programs and in the logs of the tools that start us; /TOKENFILE does not',
    );
  }
  if (TOKENFILE !== undefined) secrets.NatsToken = fromFile(TOKENFILE, 'TOKENFILE');
  if (NATSUSER !== undefined && NATSPASSFILE !== undefined) {
    secrets.NatsUser = NATSUSER;
    secrets.NatsPassword = fromFile(NATSPASSFILE, 'NATSPASSFILE');
  }
  if (KEYS !== undefined) {
    const file = pathOf(input, KEYS, 'KEYS');
    const text = readNamed(file, 'KEYS');
    const why = checkCommandKeys(text);
    if (why !== null) throw wrong(`/KEYS: ${file}: ${why}`);
    secrets.CommandKeys = text.trim();
  }
  if (parameters.REQUIRESIGNED !== undefined) {
    secrets.RequireSignedCommands = parameters.REQUIRESIGNED ? '1' : '0';
    if (parameters.REQUIRESIGNED && KEYS === undefined)
      warnings.push('/REQUIRESIGNED without /KEYS: where no keys are stored already, this PC refuses every command');
  }
  if (parameters.SYSPREP === true && (Object.keys(secrets).length > 0 || parameters.PCID !== undefined))
    throw wrong(
      '/SYSPREP leaves no names and no secrets: not with /PCID, /TOKEN, /TOKENFILE, /NATSUSER, /KEYS or /REQUIRESIGNED',
    );
  return { secrets, spent, warnings };
}

function pathOf(
  { beside, whyNotOpened }: Pick<ConfigurationInput, 'beside' | 'whyNotOpened'>,
  given: string,
  parameter: string,
): string {
  if (beside === null && !isAbsolute(given))
    throw new SetupError(
      SETUP_EXIT.configuration,
      `/${parameter}: ${given} is no whole path, and there is no installer`,
    );
  const file = resolve(beside ?? '', given);
  const why = whyNotOpened(file);
  if (why === null) return file;
  throw new SetupError(
    SETUP_EXIT.configuration,
    `/${parameter}: ${file} ${why}; copy it to one, or lay it beside the installer, or have it all done without a question by /S`,
  );
}

function readNamed(file: string, parameter: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const why = errorCode(error) || 'not UTF-8 text';
    throw new SetupError(SETUP_EXIT.configuration, `/${parameter}: ${file} can not be read (${why})`);
  }
}

/** The agent itself says whether it could start with these settings. */
function tryOut({ directories, env, platform, mode }: ConfigurationInput, file: string, toml: string): void {
  const trial = `${file}.trial`;
  const before = readIfThere(trial);
  try {
    replaceFile(trial, toml);
    const loaded = loadBootConfig({ configPath: trial, env, platform, cwd: directories.config, startedAs: mode });
    if (loaded.ok) return;
    throw new SetupError(SETUP_EXIT.configuration, loaded.message.replaceAll(trial, file));
  } finally {
    putBack(trial, before);
  }
}
