/**
 * The end of an installation. Invariants: it can be repeated; what belongs to the PC (settings, results that wait, history)
 * stays unless IT asks for its removal, and what the original agent uses as well stays while that is installed.
 */

import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../agent/base/logger.ts';
import { SECRETS_KEY, SIGN_IN_SECRETS } from '../agent/os/secrets.ts';
import type { Directories } from '../shared/directories.ts';
import type { Parameters } from './command-line.ts';
import { SETUP_EXIT } from './exit-codes.ts';
import { namesIn } from './files.ts';
import { ORIGINAL_SERVICE, SERVICE, SETUP_SERVICE } from './names.ts';
import { startWithSessions, unregister, unregisterEvents } from './registration.ts';
import { endPrograms, type ServiceParts, stopAgent } from './service.ts';

export interface UninstallInput extends ServiceParts {
  readonly parameters: Parameters;
  readonly directories: Directories;
  /** Where the profiles of the people of this PC lie. */
  readonly profiles: string;
}

/** All but the programs themselves, which the uninstaller takes away afterwards. @returns its exit code */
export async function uninstall(input: UninstallInput): Promise<number> {
  const { system, layout, log, parameters } = input;
  log.say('stopping the agent');
  await stopAgent(input);
  // The second is left where the power went while a set-up was handed over.
  for (const name of [SERVICE, SETUP_SERVICE]) system.removeService(name);
  startWithSessions(system, layout.root, false);
  // Not of the whole directory: the uninstaller that waits for us came from there.
  for (const directory of [layout.bin, layout.versionsDirectory]) endPrograms(input, directory);
  unregister(system);
  unregisterEvents(system);
  if (parameters.PURGE === true) purge(input);
  return SETUP_EXIT.ok;
}

const SECRET_VALUES = [...SIGN_IN_SECRETS, 'CommandKeys', 'RequireSignedCommands'];
/** Below a profile: what the window remembers, and in tray mode the agent's own directories. */
const OF_A_PROFILE = [
  ['AppData', 'Roaming', 'Kanade Tray'],
  ['AppData', 'Local', 'Kanade Tray'],
];

function purge(input: UninstallInput): void {
  const { system, directories, log, parameters, profiles } = input;
  const isShared = system.serviceState(ORIGINAL_SERVICE) !== 'absent';
  remove(directories.own, input);
  for (const name of namesIn(directories.logs).filter((each) => each.startsWith('kanade-tray')))
    remove(join(directories.logs, name), input);
  for (const profile of namesIn(profiles))
    for (const parts of OF_A_PROFILE) remove(join(profiles, profile, ...parts), input);
  if (isShared) {
    log.say('settings and secrets stay: the original agent is installed');
    return;
  }
  if (parameters.KEEPSECRETS !== true) {
    for (const name of SECRET_VALUES) system.removeValue(SECRETS_KEY, name);
    system.removeKeyIfEmpty(SECRETS_KEY);
    system.removeKeyIfEmpty(SECRETS_KEY.slice(0, SECRETS_KEY.lastIndexOf('\\')));
  }
  for (const name of namesIn(directories.config).filter((each) => each.startsWith('agent.toml')))
    remove(join(directories.config, name), input);
  for (const name of namesIn(directories.logs).filter((each) => /^agent\..*\.log$/.test(each)))
    remove(join(directories.logs, name), input);
  for (const name of [
    'outbox',
    'local_completions.json.imported',
    'local_completions.json',
    'staging',
    'last_swap.json',
  ])
    remove(join(directories.data, name), input);
  for (const directory of [directories.config, directories.data, directories.logs, join(directories.data, '..')]) {
    try {
      rmdirSync(directory);
    } catch {
      // Somebody else keeps something there.
    }
  }
}

function remove(path: string, { log }: UninstallInput): void {
  if (!existsSync(path)) return;
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    log.say(`removed ${path}`);
  } catch (error) {
    log.say(`note: ${path} can not be removed: ${errorText(error)}`);
  }
}
