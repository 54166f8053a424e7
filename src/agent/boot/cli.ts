/** The command line of the headless agent, and how it ends (architecture §4). */
import { homedir } from 'node:os';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import packageJson from '../../../package.json' with { type: 'json' };
import { ANSWER_WITHIN_MS, AnsweredPaths, untilItAnswers } from '../../base/answers.ts';
import { atEnd } from '../../base/at-end.ts';
import { errorText } from '../../base/logger.ts';
import { ownIdleMs } from '../../platform/conditions/windows.ts';
import { startWatchdog } from '../../platform/watchdog.ts';
import { directoriesOf, StartDirectoryGone, startDirectory } from '../../shared/directories.ts';
import { formatEffective } from '../config/effective.ts';
import { hashHelpdeskCode } from '../config/helpdesk-code.ts';
import { type Loaded, type LoadInput, loadTrusted, settingsFiles } from '../config/load.ts';
import { formatWarnings } from '../config/problem.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { followServiceHost, onEarlyStop } from '../runtime/stop-requests.ts';
import { findInstallation } from '../update/installation.ts';
import { describeKeys } from './check-keys.ts';
import { type StartOptions, start } from './start.ts';
import { forgetStartFailure, noteStartFailure } from './start-failure.ts';

const VERSION: string = packageJson.version;

const USAGE = `usage: agent [--config FILE] [--service [--control] | --tray] [--check-config] [--check-command-keys FILE] [--hash-code] [--input-idle] [--version]

  --config FILE    the settings; else $KANADE_AGENT_CONFIG, else agent.toml in the configuration directory
  --service        started by the service manager: missing or faulty settings are shown, not the end
  --control        what the Windows service manager says comes on standard input
  --tray           started by the tray application of the signed-in user
  --hash-code      reads a helpdesk code from standard input and prints what belongs into [helpdesk] code_hash
  --input-idle     prints for how many milliseconds there was no input in this session of Windows, and ends
  --check-config   prints the effective settings and ends, 0 if they are usable, else 1
  --self-test DIR  looks whether this version could work here: settings, native code, and the copy of a store in DIR, which it
                   changes; prints one line and ends, 0 if it could, else 1
  --check-command-keys FILE
                   prints the keys of a ring for signed commands and ends, 0 if it can be used, else 1
`;
/** Given by the process that starts us; taken out of the environment at once. */
const HOST_SECRET_VARIABLE = 'KANADE_TRAY_HOST_SECRET';

interface Options {
  readonly config?: string | undefined;
  readonly service?: boolean | undefined;
  readonly control?: boolean | undefined;
  readonly tray?: boolean | undefined;
  readonly 'check-config'?: boolean | undefined;
  readonly 'check-command-keys'?: string | undefined;
  readonly 'hash-code'?: boolean | undefined;
  readonly 'input-idle'?: boolean | undefined;
  readonly 'self-test'?: string | undefined;
  readonly version?: boolean | undefined;
  readonly help?: boolean | undefined;
}

/** How often an agent that has to wait for another one checks again (architecture §4). */
const LOCK_RETRY_MS = 15_000;

/** Runs until it is stopped; resolves to the exit code of the process. */
export async function run(argv: readonly string[], lockRetryMs = LOCK_RETRY_MS): Promise<number> {
  const options = parseOptions(argv);
  if (typeof options === 'string') return failed(`${options}\n\n${USAGE}`);
  if (options.help) return print(USAGE);
  if (options.version) return print(`${VERSION}\n`);
  if (options['hash-code']) return hashCode();
  if (options['input-idle']) return inputIdle();
  const keys = options['check-command-keys'];
  if (keys !== undefined) return checkCommandKeys(keys);
  try {
    return await runWithSettings(argv, options, lockRetryMs);
  } catch (error) {
    if (error instanceof StartDirectoryGone) return failed(`${error.message}\n`);
    throw error;
  }
}

async function runWithSettings(argv: readonly string[], options: Options, lockRetryMs: number): Promise<number> {
  const testIn = options['self-test'];
  const isCheck = options['check-config'] === true || testIn !== undefined;
  if (options.control && !isCheck) followServiceHost(process.stdin);
  if (options.service && !isCheck) startWatchdog({ env: process.env, platform: process.platform });
  const [program, input] = [import.meta.dirname, inputOf(options)];
  // A share that is away may be waited for below, and nobody else listens yet.
  using _ = atEnd(isCheck ? () => {} : onEarlyStop(() => forgetStarts(program, input)));
  await settingsAnswer(options);
  const dataAnswers = await doesDataAnswer(options);
  const answers = new AnsweredPaths();
  const loaded = await loadOnceAnswered(options, dataAnswers, answers);
  if (testIn !== undefined) {
    const { selfTest } = await import('./self-test.ts');
    const { ok, text } = await selfTest(loaded, testIn, VERSION);
    return ok ? print(text) : failed(text);
  }
  if (isCheck) return checkConfig(loaded);
  // What comes on standard input is nothing for a version that only tests itself.
  const args = argv.filter((arg) => arg !== '--control');
  const more = { hostSecret: takeHostSecret(), version: VERSION, program, args, lockRetryMs, dataAnswers };
  const code = await runAgent(loaded, options, { ...more, reload: () => load(options, dataAnswers, answers) });
  if (code === EXIT.stopped) forgetStarts(program, input);
  return code;
}

interface RunOptions extends Omit<StartOptions, 'loaded'> {
  readonly reload: () => Loaded;
  readonly dataAnswers: boolean;
}

async function runAgent(
  loaded: Loaded,
  options: Options,
  { reload, dataAnswers, ...more }: RunOptions,
): Promise<number> {
  if (loaded.ok) return start({ loaded, ...more });
  const isWaiting = options.service === true || options.tray === true;
  // On a share that is away either would wait for it.
  if (dataAnswers) {
    const agentDir = agentDirOf(options);
    if (isWaiting) forgetStartFailure(agentDir);
    else noteStartFailure(agentDir, loaded.state);
  }
  if (!isWaiting) return failed(`${loaded.message}\n`);
  const { waitForSettings } = await import('./not-set-up.ts');
  const startedAs = options.service ? 'service' : 'tray';
  const usable = await waitForSettings({ loaded, startedAs, reload, ...more });
  return typeof usable === 'number' ? usable : start({ loaded: usable, ...more });
}

/** Whoever has stopped in order has not failed to start, even if it was never on the air, or waited for its settings or its turn. */
function forgetStarts(program: string, { platform, startedAs = 'headless' }: LoadInput): void {
  const installed = findInstallation(program, VERSION, { platform, startedAs });
  if (installed.by === 'us') installed.installation.forgetStarts();
}

function inputIdle(): number {
  const idleMs = process.platform === 'win32' ? ownIdleMs() : null;
  return idleMs === null ? failed('it is not known here\n') : print(`${idleMs}\n`);
}

function checkCommandKeys(path: string): number {
  const { ok, text } = describeKeys(path);
  return ok ? print(text) : failed(text);
}

/** A signal ends this wait by itself: nothing has been started yet. */
async function settingsAnswer(options: Options): Promise<void> {
  const { signal } = new AbortController();
  for (const path of settingsFiles(inputOf(options))) {
    await untilItAnswers(path, { signal, onSilence: () => waitingFor(`the settings file ${path}`) });
  }
}

function waitingFor(what: string): void {
  process.stderr.write(`waiting for ${what}, which does not answer\n`);
}

/** What the settings name and is read with them is waited for in the same way. */
async function loadOnceAnswered(options: Options, dataAnswers: boolean, answers: AnsweredPaths): Promise<Loaded> {
  const { signal } = new AbortController();
  for (;;) {
    const loaded = load(options, dataAnswers, answers);
    const { waiting } = answers;
    if (waiting.length === 0) return loaded;
    for (const path of waiting) await answers.until(path, { signal, onSilence: () => waitingFor(`the file ${path}`) });
  }
}

function parseOptions(argv: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string' },
        service: { type: 'boolean' },
        control: { type: 'boolean' },
        tray: { type: 'boolean' },
        'check-config': { type: 'boolean' },
        'check-command-keys': { type: 'string' },
        'hash-code': { type: 'boolean' },
        'input-idle': { type: 'boolean' },
        'self-test': { type: 'string' },
        version: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    return values;
  } catch (error) {
    return errorText(error);
  }
}

function load(options: Options, dataAnswers: boolean, answers: AnsweredPaths): Loaded {
  return loadTrusted({ ...inputOf(options), answers: (path) => answers.has(path) }, import.meta.dirname, dataAnswers);
}

/** Where it does not, the start waits for it and says so. */
async function doesDataAnswer(options: Options): Promise<boolean> {
  const agentDir = agentDirOf(options);
  const late = new AbortController();
  const signal = late.signal;
  return untilItAnswers(agentDir, { signal, onSilence: () => late.abort(), limitMs: ANSWER_WITHIN_MS }).then(
    () => true,
    () => false,
  );
}

function agentDirOf(options: Options): string {
  const { startedAs = 'headless', platform, env, cwd } = inputOf(options);
  return directoriesOf({ startedAs, platform, env, cwd, home: homedir() }).agentDir;
}

function inputOf(options: Options): LoadInput {
  return {
    ...(options.config === undefined ? {} : { configPath: options.config }),
    env: process.env,
    platform: process.platform,
    cwd: startDirectory(),
    startedAs: options.service ? 'service' : options.tray ? 'tray' : 'headless',
  };
}

function checkConfig(loaded: Loaded): number {
  if (loaded.ok) return print(formatEffective(loaded.config, loaded.warnings));
  return failed(`${[loaded.message, formatWarnings(loaded.warnings)].filter((text) => text !== '').join('\n')}\n`);
}

function takeHostSecret(): Uint8Array | null {
  const text = process.env[HOST_SECRET_VARIABLE];
  delete process.env[HOST_SECRET_VARIABLE];
  return text === undefined || !/^[0-9a-f]{64}$/.test(text) ? null : Buffer.from(text, 'hex');
}

async function hashCode(): Promise<number> {
  const code = (await text(process.stdin)).trim();
  const hashed = await hashHelpdeskCode(code);
  return hashed.ok ? print(`${hashed.hash}\n`) : failed(`${hashed.error}\n`);
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT.stopped;
}

function failed(text: string, code: number = EXIT.failed): number {
  process.stderr.write(text);
  return code;
}
