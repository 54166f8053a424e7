/**
 * `setup prepare|install|uninstall`: what the installer runs on the Node that it has just unpacked, `prepare` before it unpacks
 * anything else; and what an agent runs of a version that it has unpacked (`install --trial`), or of its own (`show`). It ends with the exit code of the installer, and leaves what there is to say for the person at the screen in the
 * file that `--message` names.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { HANDED_OVER } from '../base/handed-over.ts';
import { errorText } from '../base/logger.ts';
import { machineRegistry } from '../platform/registry.ts';
import { ownerOf } from '../platform/windows/access.ts';
import { trustOnlyMaker } from '../platform/windows/access-list.ts';
import { directoriesOf, startDirectory } from '../shared/directories.ts';
import { makeDirectory } from '../shared/make-directory.ts';
import { agentTalk } from './agent-talk.ts';
import { askedText } from './changes.ts';
import { type Parameters, readCommandLine, readParameters, wordsOf } from './command-line.ts';
import { consentOf } from './consent.ts';
import { ASKS, SETUP_EXIT, SetupError } from './exit-codes.ts';
import { handOverInstall, handOverUninstall, isOfACommand } from './hand-over.ts';
import { install } from './install.ts';
import { Layout } from './layout.ts';
import { openSetupLog, type SetupLog, type SetupLogFile, SHARE, whyNoLog } from './log.ts';
import { machineEnvironment } from './machine-environment.ts';
import { whyNotOpened } from './named-files.ts';
import { refuseOtherPlace } from './place.ts';
import { type InstallInput, planOf } from './plan.ts';
import { modeBefore, secureData, secureRoot, whyLedElsewhere } from './secure.ts';
import { showCounting } from './show.ts';
import { WINDOWS } from './system.ts';
import { uninstall } from './uninstall.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    root: { type: 'string' },
    staged: { type: 'string' },
    installer: { type: 'string' },
    'command-line': { type: 'string' },
    answers: { type: 'string' },
    message: { type: 'string' },
    /** Everybody's entry in the Start menu. */
    entry: { type: 'string' },
    /** Number and SHA-256 of the release that an agent has taken: the version counts on trial. */
    trial: { type: 'string' },
    /** The question to a person, if there was one, has named what /PURGE takes. */
    purges: { type: 'boolean' },
    /** A person is there who can be asked. */
    asks: { type: 'boolean' },
    /** The digest of the plan that was agreed to, or that had nothing to be asked for. */
    agreed: { type: 'string' },
    /** We are the service that an installation was handed over to. */
    'handed-over': { type: 'boolean' },
  },
});

const { env, profiles } = machineEnvironment(machineRegistry(), process.env);
const directories = directoriesOf({
  startedAs: 'service',
  platform: process.platform,
  env,
  cwd: startDirectory(),
  home: homedir(),
});

/** The installer that has handed over to us. */
const ANOTHER_ENDS_WITHIN_MS = 60_000;

// Made by the installer a moment ago, or at the installation, with the rights that we have.
trustOnlyMaker(ownerOf(process.execPath));
void run().then((code) => {
  process.exitCode = code;
});

async function run(): Promise<number> {
  const [task = ''] = positionals;
  if (task === 'show') return showOwn();
  const startedMs = performance.now();
  let log: SetupLog = { say: (line) => console.log(line) };
  let file = '';
  /** The last line before the end is the reason for it. */
  let reason = '';
  const notes: string[] = [];
  try {
    // First of all: also what can't be read of the command line is said in the log, which must have a safe place.
    const wanted = logFile(task);
    const open = (at: SetupLogFile): SetupLog => {
      file = at.path;
      return openSetupLog(at, (line) => {
        reason = line;
        console.log(line);
      });
    };
    if (task !== 'uninstall') {
      try {
        if (values.root !== undefined) refuseOtherPlace(resolve(values.root), isOfPerson(), WINDOWS);
        const mode = values.root === undefined ? 'service' : modeBefore(new Layout(resolve(values.root)), WINDOWS);
        secureData(directories, mode, WINDOWS, (line) => notes.push(line));
      } catch (error) {
        log = open(notLedElsewhere(safeLogFile(wanted), tmpdir(), notes));
        for (const note of notes) log.say(note);
        throw error;
      }
    }
    log = open(notLedElsewhere(wanted, task === 'uninstall' ? tmpdir() : directories.logs, notes));
    if (task !== 'prepare') log.say(`Kanade Tray ${packageJson.version}, ${task}, in ${rootGiven()}`);
    for (const note of notes) log.say(note);
    const parameters = parametersGiven();
    if (task === 'prepare') {
      secureRoot(new Layout(resolve(rootGiven())), values.staged ?? '', WINDOWS, (line) => log.say(line));
      return SETUP_EXIT.ok;
    }
    const code = await (task === 'uninstall' ? runUninstall(parameters, log, file) : runInstall(parameters, log));
    // The log ends with the end of the service that goes on, not with ours.
    if (code === HANDED_OVER || code === ASKS) return code;
    if (code !== SETUP_EXIT.ok) leaveMessage(reason, file);
    log.say(`ends with ${code} after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
    return code;
  } catch (error) {
    const isSetupError = error instanceof SetupError;
    const code = isSetupError ? error.code : SETUP_EXIT.failed;
    const text = errorText(error);
    log.say(isSetupError ? text : `a bug: ${error instanceof Error ? error.stack : text}`);
    log.say(`ends with ${code}`);
    if (file !== '') console.log(`the log: ${file}`);
    leaveMessage(text, file);
    return code;
  }
}

/** After a version was taken back, or a set-up was cut off: what people start, and the list of apps, follow what counts. */
function showOwn(): number {
  try {
    const log: SetupLog = { say: (line) => console.log(line) };
    showCounting({ system: WINDOWS, layout: new Layout(resolve(rootGiven())), log, version: packageJson.version });
    return SETUP_EXIT.ok;
  } catch (error) {
    console.log(errorText(error));
    return SETUP_EXIT.failed;
  }
}

/** Those of the command line, over those that a person has answered. */
function parametersGiven(): Parameters {
  const answers = values.answers === undefined ? '' : readWide(values.answers);
  return { ...readParameters(wordsOf(answers)), ...readCommandLine(commandLine()) };
}

function commandLine(): string {
  return values['command-line'] === undefined ? '' : readWide(values['command-line']);
}

/** UTF-16, with or without its mark. */
function readWide(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf16le').replace(/^\uFEFF/, '') : '';
}

function rootGiven(): string {
  if (values.root === undefined) throw new SetupError(SETUP_EXIT.failed, '--root is missing');
  return values.root;
}

/** At a removal the directory of the logs may go too. */
function logFile(task: string): SetupLogFile {
  const named = /^\/LOG=(.+)$/i;
  const given = wordsOf(commandLine()).map((word) => named.exec(word)?.[1]);
  const last = given.filter((path) => path !== undefined).at(-1);
  if (last !== undefined) return { path: resolve(beside() ?? tmpdir(), last), isNamed: true };
  // Where everybody may make files, nobody can have made this one before.
  const directory = task === 'uninstall' ? tmpdir() : directories.logs;
  return { path: join(directory, freshName(task === 'uninstall' ? task : 'install')), isNamed: false };
}

/** Where our own directories can't be made: nothing is written below them then, whoever has named it. */
function safeLogFile(wanted: SetupLogFile): SetupLogFile {
  const { config, data, logs } = directories;
  const below = `${wanted.path.toLowerCase()}\\`;
  const isOurs = [dirname(config), data, logs].some((each) => below.startsWith(`${each.toLowerCase()}\\`));
  return wanted.isNamed && !isOurs ? wanted : { path: join(tmpdir(), freshName('install')), isNamed: false };
}

/** What `/LOG` names is used where it is a log, and nobody else could have it lead elsewhere; else a new file in `directory`, which is said. */
function notLedElsewhere(wanted: SetupLogFile, directory: string, notes: string[]): SetupLogFile {
  if (!wanted.isNamed) return wanted;
  const whyNot = isOfPerson() ? whyNotOpened(wanted.path, beside()) : null;
  const ledElsewhere = () => whyLedElsewhere(wanted.path, WINDOWS, (line) => notes.push(line));
  const why =
    (whyNot === null ? null : `it ${whyNot}`) ??
    (SHARE.test(wanted.path) ? null : ledElsewhere()) ??
    whyNoLog(wanted.path);
  if (why === null) return wanted;
  const path = join(directory, freshName('install'));
  notes.push(`note: this log is not in ${wanted.path}, as /LOG says, but in ${path}: ${why}`);
  return { path, isNamed: false };
}

function freshName(task: string): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace(/\..*/, '');
  return `kanade-tray-${task}-${time}-${randomBytes(4).toString('hex')}.log`;
}

/** A person has named what is to be done, also where a service does it now: without them nothing of it was to be asked. */
function isOfPerson(): boolean {
  return values.asks === true || values.agreed !== undefined;
}

/** null: an agent has started us. Where everybody may make files, nothing is looked for. */
function beside(): string | null {
  return values.installer === undefined ? null : dirname(values.installer);
}

async function runInstall(parameters: Parameters, log: SetupLog): Promise<number> {
  const input: InstallInput = {
    system: WINDOWS,
    talk: agentTalk(directories.agentDir),
    log,
    layout: new Layout(rootGiven()),
    version: packageJson.version,
    staged: values.staged ?? '',
    parameters,
    directories,
    beside: beside(),
    asks: isOfPerson(),
    entry: values.entry ?? null,
    env,
    platform: process.platform,
    trial: trialGiven(),
  };
  const isHandedOver = values['handed-over'] === true;
  if (isHandedOver) {
    if (!(await WINDOWS.takeSetupLock(ANOTHER_ENDS_WITHIN_MS)))
      throw new SetupError(SETUP_EXIT.anotherRuns, 'another installation runs');
  }
  const plan = planOf(input);
  const { open, digest } = consentOf(plan, input, values.agreed);
  const hasToAsk = input.asks && open.length > 0;
  if (hasToAsk) {
    for (const change of open) log.say(`to be agreed to: ${change}`);
    if (values.asks !== true)
      throw new SetupError(SETUP_EXIT.configuration, 'what was agreed to has changed since; nothing was done');
    leaveMessage(askedText(open), '', digest);
    return ASKS;
  }
  if (!isHandedOver && (input.trial !== null || (await isOfACommand(input, process.env)))) {
    const files = given({ '--command-line': values['command-line'], '--answers': values.answers });
    const agreed = values.asks === true ? digest : undefined;
    const options = {
      '--installer': values.installer,
      '--entry': values.entry,
      '--trial': values.trial,
      '--agreed': agreed,
    };
    const others = Object.entries(given(options)).flat();
    handOverInstall({ ...input, args: ['install', '--root', rootGiven(), ...others], files });
    return HANDED_OVER;
  }
  return install(input, plan);
}

function given(options: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(options).filter((each): each is [string, string] => each[1] !== undefined));
}

function trialGiven(): InstallInput['trial'] {
  if (values.trial === undefined) return null;
  const [, serial, manifest] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(values.trial) ?? [];
  if (serial === undefined || manifest === undefined)
    throw new SetupError(SETUP_EXIT.configuration, '--trial: expected the number and the SHA-256 of a release');
  return { serial: Number(serial), manifest };
}

async function runUninstall(parameters: Parameters, log: SetupLog, logFile: string): Promise<number> {
  const layout = new Layout(rootGiven());
  if (parameters.PURGE === true && values.purges !== true)
    throw new SetupError(
      SETUP_EXIT.configuration,
      '/PURGE=1 was not understood by the uninstaller, which has not asked about it',
    );
  const talk = agentTalk(directories.agentDir);
  if (await isOfACommand({ system: WINDOWS, talk, layout }, process.env)) {
    handOverUninstall({ system: WINDOWS, layout, log, commandLine: commandLine(), logFile });
    return HANDED_OVER;
  }
  return uninstall({
    system: WINDOWS,
    talk,
    log,
    layout,
    parameters,
    directories,
    entry: values.entry ?? null,
    profiles,
  });
}

/** Two lines, and one with what an answer to it counts for. What an exit code means, the installer says itself, in the person's language. */
function leaveMessage(detail: string, log: string, digest?: string): void {
  if (values.message === undefined) return;
  makeDirectory(dirname(values.message));
  const lines = [detail.replaceAll(/\s+/g, ' ').slice(0, 700), log, ...(digest === undefined ? [] : [digest])];
  writeFileSync(values.message, lines.join('\r\n'), 'utf16le');
}
