/** What an installation is to do: everything that was asked for, checked before anything is changed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compareVersions } from '../base/compare-versions.ts';
import type { Directories } from '../shared/directories.ts';
import { type Choices, choose, readChoices } from './choices.ts';
import type { Parameters } from './command-line.ts';
import { type Configuration, planConfiguration } from './configuration.ts';
import { SETUP_EXIT, SetupError } from './exit-codes.ts';
import type { MachineEnvironment } from './machine-environment.ts';
import { whyNotOpened } from './named-files.ts';
import type { ServiceParts } from './service.ts';

export interface InstallInput extends ServiceParts {
  /** The version that is installed: the one of these files. */
  readonly version: string;
  /** Where the installer has put them. */
  readonly staged: string;
  readonly parameters: Parameters;
  readonly directories: Directories;
  /** Everybody's entry in the Start menu, of which the installer has made a new one; null: it has not. */
  readonly entry: string | null;
  /** The directory of the installer itself; null: none was started. */
  readonly beside: string | null;
  /** A person at the screen has been, or can be, asked: they may have been given the words (`named-files.ts`). */
  readonly asks: boolean;
  /** Of the machine, never of whoever has started us. */
  readonly env: MachineEnvironment['env'];
  readonly platform: NodeJS.Platform;
  /** The release that an agent has taken; null: somebody installs this. */
  readonly trial: { readonly serial: number; readonly manifest: string } | null;
}

/** What was asked for, checked. */
export interface Plan {
  /** null: nothing counts yet. */
  readonly before: string | null;
  readonly choicesBefore: Choices | null;
  readonly choices: Choices;
  readonly configuration: Configuration;
  /** Whether the service is to run in the end. */
  readonly starts: boolean;
}

/** Changes nothing. @throws {SetupError} naming what can't be done as asked */
export function planOf(input: InstallInput): Plan {
  const { layout, parameters, version, log } = input;
  const before = layout.current;
  if (before !== null && compareVersions(version, before) < 0 && parameters.ALLOWDOWNGRADE !== true)
    throw new SetupError(
      SETUP_EXIT.newerInstalled,
      `version ${before} is installed, which is newer than ${version}; nothing was done`,
    );
  const [foreign] = layout.foreign();
  if (foreign !== undefined)
    throw new SetupError(
      SETUP_EXIT.configuration,
      `${layout.root} holds what is not ours (${foreign}); name an empty directory by /D`,
    );
  const choicesBefore = readChoices(layout);
  const choices = choose(parameters, choicesBefore);
  if (choices.mode === 'tray' && (parameters.REPLACE === true || parameters.RESTORE === true))
    throw new SetupError(SETUP_EXIT.configuration, '/REPLACE and /RESTORE are for /MODE=service');
  if (parameters.REPLACE === true && parameters.RESTORE === true)
    throw new SetupError(SETUP_EXIT.configuration, '/REPLACE and /RESTORE: one of them');
  if (choices.mode === 'service') refusePlanted(input, settingsOf(input));
  // What an agent has taken is for the settings that are there: nothing lies beside it.
  const beside = input.trial === null ? input.beside : null;
  const configuration = planConfiguration({
    ...input,
    beside,
    mode: choices.mode,
    whyNotOpened: (path) => (input.asks ? whyNotOpened(path, beside) : null),
  });
  for (const warning of configuration.warnings) log.say(`note: ${warning}`);
  const starts =
    choices.mode === 'service' &&
    parameters.NOSTART !== true &&
    parameters.SYSPREP !== true &&
    parameters.RESTORE !== true;
  return { before, choicesBefore, choices, configuration, starts };
}

function settingsOf({ directories }: InstallInput): string[] {
  return [directories.config, join(directories.config, 'agent.toml'), directories.data, directories.agentDir];
}

/** Whoever can change the settings decides what the service runs. All of it was made safe before; this is the proof. */
function refusePlanted({ system }: InstallInput, paths: readonly string[]): void {
  for (const path of paths.filter((each) => existsSync(each))) {
    const why = system.untrusted(path);
    if (why !== null)
      throw new SetupError(SETUP_EXIT.configuration, `${path} ${why}, and decides what the service runs`);
  }
}
