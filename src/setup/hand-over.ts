/**
 * An installer that a command of the agent has started would end with the agent that it stops (deployment F7). It hands over to a
 * service of one run (`native/setup-host.c`) and ends at once with 0; the log goes on to say how it went.
 */
import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Layout } from './layout.ts';
import type { SetupLog } from './log.ts';
import { ORIGINAL_PROGRAM, SERVICE_HOST, SETUP_SERVICE } from './names.ts';
import type { System } from './system.ts';

/** The variable by which the processes of a command are known (`src/agent/run/child-env.ts`). */
const OF_A_COMMAND = 'KTRAY_RUN';

/** Whether an agent, ours or the original, has started us. */
export function isOfACommand(system: System, env: NodeJS.ProcessEnv): boolean {
  if (env[OF_A_COMMAND] !== undefined) return true;
  const agents = [SERVICE_HOST, ORIGINAL_PROGRAM];
  return system.ancestors().some(({ path }) => agents.includes(basename(path.replaceAll('\\', '/')).toLowerCase()));
}

export interface HandOver {
  readonly system: System;
  readonly layout: Layout;
  readonly log: SetupLog;
  readonly staged: string;
  /** Our own arguments, with those that name files of the installer, which go with it. */
  readonly args: readonly string[];
  /** Such files: the command line, the answers. */
  readonly files: Readonly<Record<string, string>>;
}

/** Copies what runs, moves what is to be installed, and starts the service that goes on. */
export function handOver({ system, layout, log, staged, args, files }: HandOver): void {
  const directory = join(layout.versionsDirectory, `.handed-over-${Date.now()}`);
  mkdirSync(directory, { recursive: true });
  for (const part of ['node', 'agent']) cpSync(join(staged, 'tree', part), join(directory, part), { recursive: true });
  cpSync(join(staged, 'hand-over.exe'), join(directory, 'hand-over.exe'));
  const moved = join(directory, 'staged');
  renameSync(staged, moved);
  const kept = Object.entries(files).flatMap(([option, file]) => {
    const name = `${option.slice(2)}.txt`;
    cpSync(file, join(directory, name));
    return [option, join(directory, name)];
  });
  const words = [
    join(directory, 'node', 'node.exe'),
    join(directory, 'agent', 'setup.js'),
    ...args,
    '--handed-over',
    '--staged',
    moved,
    ...kept,
  ];
  writeFileSync(join(directory, 'command.txt'), words.map((word) => `"${word}"`).join(' '), 'utf16le');
  system.removeService(SETUP_SERVICE);
  system.putService({
    name: SETUP_SERVICE,
    shownName: 'Kanade Tray Setup',
    description: 'Goes on with an installation that a command of the agent has started.',
    commandLine: `"${join(directory, 'hand-over.exe')}"`,
    autostart: false,
    isForOneRun: true,
  });
  system.startService(SETUP_SERVICE);
  log.say(
    `a command of the agent has started this; handed over to the service ${SETUP_SERVICE}, which goes on in this log`,
  );
}
