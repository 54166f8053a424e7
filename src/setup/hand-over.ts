/**
 * An installer or uninstaller that the agent or a command of it has started would end with the agent that it stops (threat-model §6). It
 * hands over to a service of one run (`native/setup-host.c`) and ends at once with 0; the log goes on to say how it went.
 */
import { cpSync, renameSync, writeFileSync } from 'node:fs';
import { join, win32 } from 'node:path';
import { PRIVATE_TREE } from '../platform/windows/access.ts';
import type { AgentTalk } from './agent-talk.ts';
import { wordsOf } from './command-line.ts';
import type { Layout } from './layout.ts';
import type { SetupLog } from './log.ts';
import { HAND_OVER_HOST, ORIGINAL_PROGRAM, SERVICE, SERVICE_HOST, SETUP_SERVICE, UNINSTALLER } from './names.ts';
import { modeBefore, whyExchangeable } from './secure.ts';
import type { System } from './system.ts';

/** The variable by which the processes of a command are known (`src/agent/run/child-env.ts`). */
const OF_A_COMMAND = 'KTRAY_RUN';

interface Starter {
  readonly system: Pick<System, 'ancestors' | 'untrusted' | 'serviceState'>;
  readonly talk: Pick<AgentTalk, 'hasRunning'>;
  readonly layout: Layout;
}

/**
 * Whether an agent, ours or the original, has started us. Anybody can set a variable and give a program any name, and then have an
 * administrator agree to our start: a program counts where administrators alone could have put it, and a variable as far as the
 * agent knows of that run.
 */
export async function isOfACommand({ system, talk, layout }: Starter, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (system.ancestors().some(({ path }) => isAgent(path, system))) return true;
  const run = env[OF_A_COMMAND];
  if (run === undefined) return false;
  // The agent is a person's own, and nothing of it is kept from them.
  if (modeBefore(layout, system) === 'tray') return true;
  const state = system.serviceState(SERVICE);
  if (state === 'absent' || state === 'stopped') return false;
  // Where it does not answer we may well be in the job that ends with it.
  return (await talk.hasRunning(run)) !== false;
}

function isAgent(path: string, system: Starter['system']): boolean {
  if (![SERVICE_HOST, ORIGINAL_PROGRAM].includes(win32.basename(path).toLowerCase())) return false;
  return system.untrusted(path) === null && whyExchangeable(win32.dirname(path), system) === null;
}

export interface HandOver {
  readonly system: System;
  readonly layout: Layout;
  readonly log: SetupLog;
}

export interface InstallHandOver extends HandOver {
  readonly staged: string;
  /** Our own arguments, without those that name files of the installer, which go with it. */
  readonly args: readonly string[];
  /** Such files: the command line, the answers. */
  readonly files: Readonly<Record<string, string>>;
}

/** Copies what runs, moves what is to be installed, and starts the service that goes on. */
export function handOverInstall({ staged, args, files, ...to }: InstallHandOver): void {
  const directory = join(to.layout.versionsDirectory, `.handed-over-${Date.now()}`);
  // A copy of the command line lies there, and with it a secret that IT may have written into it.
  to.system.makeDirectory(directory, PRIVATE_TREE);
  for (const part of ['node', 'agent']) cpSync(join(staged, 'tree', part), join(directory, part), { recursive: true });
  cpSync(join(staged, 'root', 'private', HAND_OVER_HOST), join(directory, HAND_OVER_HOST));
  const moved = join(directory, 'staged');
  renameSync(staged, moved);
  const kept = Object.entries(files).flatMap(([option, file]) => {
    const name = `${option.slice(2)}.txt`;
    cpSync(file, join(directory, name));
    return [option, join(directory, name)];
  });
  const program = [join(directory, 'node', 'node.exe'), join(directory, 'agent', 'setup.js')];
  goOn(to, directory, [...program, ...args, '--handed-over', '--staged', moved, ...kept]);
}

/** Has the uninstaller run once more with the same `commandLine`, outside of what it takes away. */
export function handOverUninstall({ commandLine, logFile, ...to }: HandOver & UninstallHandOver): void {
  const directory = to.layout.newAside();
  to.system.makeDirectory(directory, PRIVATE_TREE);
  for (const name of [HAND_OVER_HOST, UNINSTALLER])
    cpSync(join(to.layout.privateDirectory, name), join(directory, name));
  const given = wordsOf(commandLine).slice(1);
  const others = given.filter((word) => !/^\/(?:S|(?:LOG|FROM)=.*)$/is.test(word));
  const own = ['/S', `/LOG=${logFile}`, `/FROM=${to.layout.root}`];
  goOn(to, directory, [join(directory, UNINSTALLER), ...others, ...own]);
}

interface UninstallHandOver {
  readonly commandLine: string;
  readonly logFile: string;
}

function goOn({ system, log }: HandOver, directory: string, words: readonly string[]): void {
  writeFileSync(join(directory, 'command.txt'), words.map(quoted).join(' '), 'utf16le');
  system.removeService(SETUP_SERVICE);
  system.putService({
    name: SETUP_SERVICE,
    shownName: 'Kanade Tray Setup',
    description: 'Goes on with a set-up that a command of the agent has started.',
    commandLine: `"${join(directory, HAND_OVER_HOST)}"`,
    autostart: false,
    isForOneRun: true,
  });
  system.startService(SETUP_SERVICE);
  log.say(
    `the agent, or a command of it, has started this; handed over to the service ${SETUP_SERVICE}, which goes on in this log`,
  );
}

/** `/NAME="value"`: NSIS does not find the name of a parameter within quotation marks. */
function quoted(word: string): string {
  if (/^\/\w+$/.test(word)) return word;
  const name = /^\/\w+=/.exec(word)?.[0] ?? '';
  return `${name}"${word.slice(name.length)}"`;
}
