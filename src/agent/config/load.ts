/**
 * Finds, reads and settles the configuration of this start. All problems of all sources come back together; a
 * configuration with a problem is not used at all.
 */
import { readFileSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { errorCode } from '../../shared/error-code.ts';
import type { Hosting } from '../../shared/states.ts';
import { type LineLookup, readAgentToml } from './agent-toml.ts';
import { type BootConfig, bootConfigOf, type ShownSettings, shownSettingsOf } from './boot-config.ts';
import { addPolicy, Collected } from './collect.ts';
import { addHelpdeskHash } from './helpdesk-hash.ts';
import { type SettingValues, settle, valueAt } from './layers.ts';
import { type Machine, machineOf } from './machine.ts';
import { type ConfigProblem, type ConfigWarning, formatProblems } from './problem.ts';
import { isSettingKey, SETTING_KEYS, type SettingKey, settingOf } from './settings.ts';
import { distrusted } from './trust.ts';
import { ABSOLUTE, type PathBase } from './values.ts';

export interface LoadInput {
  /** `--config <path>`; taken as given, even if the file is missing. */
  readonly configPath?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The start directory; null: it is gone. */
  readonly cwd: string | null;
  /** Default `headless`. */
  readonly startedAs?: Hosting;
  /** Settings of the command line; they count before environment and files. */
  readonly overrides?: Readonly<Partial<Record<SettingKey, unknown>>>;
  /** Default: this machine. */
  readonly machine?: Machine;
  /** Asked of each path that the settings name and that is read with them: false, it has not answered yet. Default: all have. */
  readonly answers?: (path: string) => boolean;
}

export type Loaded =
  | { readonly ok: true; readonly config: BootConfig; readonly warnings: readonly ConfigWarning[] }
  | {
      readonly ok: false;
      /**
       * `not_set_up`: nobody has written a configuration for this PC yet, or its name is of no use to the fleet; `not_trusted`:
       * somebody else could have written it, so it was not even read.
       */
      readonly state: 'not_set_up' | 'config_invalid' | 'not_trusted';
      readonly problems: readonly ConfigProblem[];
      readonly warnings: readonly ConfigWarning[];
      /** For people, one line for each problem. */
      readonly message: string;
      /** The files to read again when they change. */
      readonly files: readonly string[];
      /** Of what was read, what people are shown all the same; null: nothing was read. */
      readonly shown: ShownSettings | null;
    };

/** The files that {@link loadBootConfig} would read now, where they are. */
export function settingsFiles(input: LoadInput): string[] {
  const machine = input.machine ?? machineOf({ ...input, startedAs: input.startedAs ?? 'headless' });
  const base: PathBase = { platform: input.platform, start: input.cwd, file: null };
  return filesToRead(input, machine).flatMap(({ path }) => fullPath(path, base) ?? []);
}

/** {@link loadBootConfig}, where nobody else could have written what it would read (`./trust.ts`). */
export function loadTrusted(input: LoadInput, program: string, dataAnswers: boolean): Loaded {
  const startedAs = input.startedAs ?? 'headless';
  const machine = input.machine ?? machineOf({ ...input, startedAs });
  const files = settingsFiles({ ...input, machine });
  const found = distrusted({ startedAs, directories: machine.directories, files, program, dataAnswers });
  if (found === null) return loadBootConfig({ ...input, machine });
  const { path, why } = found;
  const problem = {
    file: path,
    line: null,
    key: NOT_TRUSTED,
    expected: `what only an administrator can change; it ${why}`,
  };
  const message = `settings not trusted: ${path}: ${why}`;
  return {
    ok: false,
    state: 'not_trusted',
    problems: [problem],
    warnings: [],
    message,
    files: [...files, path],
    shown: null,
  };
}

const NOT_TRUSTED = 'trust';

export function loadBootConfig(input: LoadInput): Loaded {
  const startedAs = input.startedAs ?? 'headless';
  const machine = input.machine ?? machineOf({ ...input, startedAs });
  const path = input.platform === 'win32' ? win32 : posix;
  const base: PathBase = { platform: input.platform, start: input.cwd, file: null };
  const collected = new Collected();
  const files = filesToRead(input, machine);
  const read = readFiles(files, collected, { machine, base });
  addOthers(collected, input, machine, base);
  const answers = input.answers ?? (() => true);
  addHelpdeskHash(collected, { secret: machine.helpdeskHash, startedAs, base, answers });
  const isUnread = collected.problems.some(({ key }) => key === MISSING_FILE || key === UNREADABLE_FILE);
  const isWhole = read.length > 0 && !isUnread && read.every((file) => file.lines !== null);
  const failed = (message?: string): Loaded => {
    const problems = inFileOrder(collected.problems);
    return {
      ok: false,
      state: stateOf(problems),
      problems,
      warnings: collected.warnings,
      message: message ?? formatProblems(problems),
      files: files.map((file) => fullPath(file.path, base) ?? file.path),
      shown: shownSettingsOf(settle(collected.candidates), startedAs, isWhole),
    };
  };
  const [first] = read;
  if (first === undefined) {
    if (collected.problems.some((problem) => problem.key === MISSING_FILE || problem.key === UNREADABLE_FILE))
      return failed();
    const wanted = path.join(machine.directories.config, 'agent.toml');
    collected.problems.unshift({ file: wanted, line: null, key: MISSING_FILE, expected: 'a settings file' });
    return failed(
      [notFound(wanted), formatProblems(collected.problems.slice(1))].filter((line) => line !== '').join('\n'),
    );
  }
  const settled = settle(collected.candidates);
  const settings =
    startedAs === 'tray' ? withUserLog(settled, path.join(machine.directories.logs, 'agent.log')) : settled;
  if (isWhole || read.every((file) => file.lines !== null))
    checkIntegrity(collected, settings, first.path, first.lines);
  if (collected.problems.length > 0) return failed();
  const paths = read.map((file) => fullPath(file.path, base) ?? file.path);
  const config = bootConfigOf(settings, { files: paths, startedAs, directories: machine.directories });
  return { ok: true, config, warnings: collected.warnings };
}

/** In tray mode the log of the machine's settings belongs to the service, and a user can't write it. */
function withUserLog(settings: SettingValues, file: string): SettingValues {
  if (settings['log.path'].source !== 'machine agent.toml') return settings;
  return { ...settings, 'log.path': { value: file, source: 'built-in', file: null, line: null, locked: false } };
}

/** Exactly the words of the original (protocol §9.3). */
function notFound(path: string): string {
  return `config not found — pass \`--config <path>\`, set \`KANADE_AGENT_CONFIG\`, or place \`agent.toml\` at \`${path}\``;
}

const MISSING_FILE = 'agent.toml';
const UNREADABLE_FILE = 'file';

function stateOf(problems: readonly ConfigProblem[]): 'not_set_up' | 'config_invalid' {
  const notSetUp = problems.every((problem) => problem.key === MISSING_FILE || problem.key === 'agent.id');
  return notSetUp ? 'not_set_up' : 'config_invalid';
}

/** As a person goes through a file; what has no line comes last. */
function inFileOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const files = [...new Set(problems.map((problem) => problem.file))];
  const lineOf = (problem: ConfigProblem) => problem.line ?? Number.MAX_SAFE_INTEGER;
  return problems.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || lineOf(a) - lineOf(b));
}

interface FileToRead {
  readonly path: string;
  readonly source: 'agent.toml' | 'machine agent.toml';
  /** Named by somebody, so that it must be there. */
  readonly named: boolean;
}

/** Discovery (protocol §9.3); in tray mode the machine's settings lie under the user's (architecture §8). */
function filesToRead({ configPath, env, platform }: LoadInput, { directories }: Machine): FileToRead[] {
  const path = platform === 'win32' ? win32 : posix;
  const named = configPath ?? (env.KANADE_AGENT_CONFIG || undefined);
  if (named !== undefined) return [{ path: named, source: 'agent.toml', named: true }];
  const own = path.join(directories.config, 'agent.toml');
  const files: FileToRead[] = [{ path: own, source: 'agent.toml', named: false }];
  if (directories.machineConfig !== null) {
    const machine = path.join(directories.machineConfig, 'agent.toml');
    files.push({ path: machine, source: 'machine agent.toml', named: false });
  }
  return files;
}

/** A file that is there. `lines` is null where it can't be used. */
interface FileRead {
  readonly path: string;
  readonly lines: LineLookup | null;
}

function readFiles(
  files: readonly FileToRead[],
  to: Collected,
  { machine, base }: { machine: Machine; base: PathBase },
): FileRead[] {
  const path = base.platform === 'win32' ? win32 : posix;
  const read: FileRead[] = [];
  for (const { path: file, source, named } of files) {
    const full = fullPath(file, base);
    if (full === null) {
      to.problems.push({ file, line: null, key: UNREADABLE_FILE, expected: ABSOLUTE });
      continue;
    }
    const bytes = readBytes(full);
    if (bytes instanceof Uint8Array) {
      const own = { ...base, file: path.dirname(full) };
      read.push({ path: file, lines: readAgentToml({ file, bytes, source, facts: machine.facts, base: own }, to) });
    } else if (bytes.code !== 'ENOENT' && read.length > 0) {
      // The user has settings of their own, which may be all that is needed.
      to.warnings.push({
        file,
        line: null,
        key: UNREADABLE_FILE,
        message: `ignored, it can't be read (${bytes.code})`,
      });
    } else if (named || bytes.code !== 'ENOENT') {
      const key = bytes.code === 'ENOENT' ? MISSING_FILE : UNREADABLE_FILE;
      to.problems.push({ file, line: null, key, expected: `a file that can be read (${bytes.code})` });
    }
  }
  return read;
}

/** null: it is relative to a start directory that is gone. */
function fullPath(file: string, { platform, start }: PathBase): string | null {
  const path = platform === 'win32' ? win32 : posix;
  if (path.isAbsolute(file)) return path.resolve(file);
  return start === null ? null : path.resolve(start, file);
}

function readBytes(path: string): Uint8Array | { readonly code: string } {
  try {
    return readFileSync(path);
  } catch (error) {
    return { code: errorCode(error) || String(error) };
  }
}

function addOthers(to: Collected, { env, overrides }: LoadInput, machine: Machine, base: PathBase): void {
  for (const [name, { value, file, line }] of machine.policies.values) {
    addPolicy(to, name, value, { source: 'policy', file, line }, base);
  }
  for (const { text, ...at } of machine.policies.problems) to.problems.push({ ...at, expected: text });
  for (const { text, ...at } of machine.policies.ignored) to.warnings.push({ ...at, message: text });
  addSwitch(to, machine, base);
  for (const [key, value] of Object.entries(overrides ?? {})) {
    const at = { source: 'command line', file: 'command line', line: null } as const;
    if (isSettingKey(key) && value !== undefined) to.add(key, value, at, { ...base, file: base.start });
  }
  addLogLevel(to, env.RUST_LOG, base);
}

/** Only a plain yes and a plain no are meant as such; of anything else the safe reading counts, and somebody has to look. */
function addSwitch(to: Collected, { signedCommandsSwitch }: Machine, base: PathBase): void {
  if (signedCommandsSwitch === null) return;
  const { file, odd } = signedCommandsSwitch;
  to.add('commands.signatures', 'require', { source: 'switch', file, line: null }, base);
  if (odd !== null)
    to.problems.push({ file, line: null, key: 'RequireSignedCommands', expected: `1 or 0, found ${odd}` });
}

/** A filter that we can't read must not stop an agent: the variable is often set for other programs. */
function addLogLevel(to: Collected, filter: string | undefined, base: PathBase): void {
  if (filter === undefined || filter === '') return;
  const tried = new Collected();
  tried.add('log.level', filter, { source: 'environment', file: 'RUST_LOG', line: null }, base);
  const found = tried.candidates.get('log.level');
  if (found !== undefined) to.candidates.set('log.level', [...(to.candidates.get('log.level') ?? []), ...found]);
  for (const { expected, ...at } of tried.problems)
    to.warnings.push({ ...at, message: `ignored, expected ${expected}` });
}

/** What only shows when all sources are known: required settings, and settings that need one another. */
function checkIntegrity(to: Collected, settings: SettingValues, file: string, lines: LineLookup | null): void {
  const withProblems = new Set(to.problems.map((problem) => problem.key));
  const set = (key: SettingKey) => settings[key].value !== null;
  const problem = (key: SettingKey, expected: string, near: SettingKey = key) => {
    if (withProblems.has(key)) return;
    const { file: at, line } = settings[near];
    to.problems.push({ file: at ?? file, line: at === null ? (lines?.(near) ?? null) : line, key, expected });
  };
  for (const key of SETTING_KEYS) {
    if (settingOf(key).required === true && !set(key)) problem(key, 'a value; it is required');
  }
  const needs: readonly (readonly [SettingKey, SettingKey])[] = [
    ['auth.user', 'auth.password_file'],
    ['auth.password_file', 'auth.user'],
    ['tls.cert', 'tls.key'],
    ['tls.key', 'tls.cert'],
  ];
  for (const [key, other] of needs) if (set(key) && !set(other)) problem(other, `a value, as ${key} is set`, key);
  const ways = (['auth.token_file', 'auth.creds_file', 'auth.nkey_file', 'auth.user'] as const).filter(set);
  for (const way of ways.slice(1)) problem(way, `one way to sign in, ${ways[0]} is set too`);
  if (set('agent.nats_url') && valueAt(settings, 'agent.nats_url').credentials !== null) {
    const { file: at, line } = settings['agent.nats_url'];
    const message = 'holds credentials, which everybody who reads the file can see; [auth] takes them from a file';
    to.warnings.push({ file: at ?? file, line, key: 'agent.nats_url', message });
  }
}
