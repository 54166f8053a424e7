/**
 * The end of an installation. Invariants: it can be repeated; what belongs to the PC (settings, results that wait, history)
 * stays unless IT asks for its removal, and what the original agent uses as well stays while that is installed.
 */
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { errorText } from '../base/logger.ts';
import { blockFor } from '../base/sleep.ts';
import { POLICY_KEY } from '../platform/policies.ts';
import { MACHINE_SECRETS, SECRETS_KEY } from '../platform/secrets.ts';
import { isSetAside, NOT_TRUSTED } from '../platform/windows/set-aside.ts';
import type { Directories } from '../shared/directories.ts';
import type { Parameters } from './command-line.ts';
import { SETUP_EXIT, SetupError } from './exit-codes.ts';
import { namesUnlessHeld } from './files.ts';
import { ORIGINAL_SERVICE, SERVICE, SETUP_SERVICE } from './names.ts';
import { removeWhenShut } from './put-files.ts';
import { startWithSessions, unregister, unregisterEvents } from './registration.ts';
import { endPrograms, type ServiceParts, stopAgent } from './service.ts';

export interface UninstallInput extends ServiceParts {
  readonly parameters: Parameters;
  readonly directories: Directories;
  /** Everybody's entry in the Start menu; null: not asked for. */
  readonly entry: string | null;
  /** Where the profiles of the people of this PC lie. */
  readonly profiles: string;
}

/**
 * All but what nobody else can open, which the uninstaller takes away afterwards. @returns its exit code @throws {SetupError} where
 * somebody whom we must not end holds what people may read: the list of apps still has the product, so that it can be asked for again
 */
export async function uninstall(input: UninstallInput): Promise<number> {
  const { system, layout, log, parameters } = input;
  log.say('stopping the agent');
  await stopAgent(input);
  // The second is left where the power went while a set-up was handed over.
  for (const name of [SERVICE, SETUP_SERVICE]) system.removeService(name);
  startWithSessions(system, layout.root, false);
  // Not of the whole directory: the uninstaller that waits for us came from there.
  for (const directory of [layout.bin, layout.privateDirectory, layout.versionsDirectory])
    endPrograms(input, directory);
  removeShown(input);
  unregister(system);
  unregisterEvents(system);
  if (parameters.PURGE === true) purge(input);
  return SETUP_EXIT.ok;
}

/** What people may hold open: the uninstaller, which takes the rest away, would stop at it, or wait for ever. */
function removeShown(input: UninstallInput): void {
  const { layout, log, system, entry } = input;
  const left: string[] = [];
  const say = (line: string) => log.say(line);
  const attempt = (path: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      log.say(`note: ${path} can not be removed: ${errorText(error)}`);
      left.push(path);
    }
  };
  const apps = layout.versions().map((version) => join(layout.directoryOf(version), 'app'));
  for (const directory of [layout.bin, ...apps]) attempt(directory, () => removeWhenShut(input, directory));
  const removeFile = (file: string) =>
    attempt(file, () => {
      system.shutFile(file, say);
      rmSync(file);
    });
  for (const file of [layout.shownFile, ...(entry === null ? [] : [entry])]) if (existsSync(file)) removeFile(file);
  // At last: what is left is removed by it.
  if (left.length === 0) layout.uninstallers().forEach(removeFile);
  if (left.length === 0) return;
  const text = `${left.join(', ')} can not be removed, since somebody holds it; remove the product once more`;
  throw new SetupError(SETUP_EXIT.failed, text);
}

/** Below a profile: what the window remembers, and in tray mode the agent's own directories. */
const OF_A_PROFILE = [
  ['AppData', 'Roaming', 'Kanade Tray'],
  ['AppData', 'Local', 'Kanade Tray'],
];

function purge(input: UninstallInput): void {
  const { system, directories, log, parameters, profiles } = input;
  const isShared = system.serviceState(ORIGINAL_SERVICE) !== 'absent';
  remove(directories.agentDir, input);
  for (const name of namesUnlessHeld(directories.logs).filter((each) => each.startsWith('kanade-tray')))
    remove(join(directories.logs, name), input);
  // The person may put links there while we are at it.
  for (const profile of namesUnlessHeld(profiles))
    for (const parts of OF_A_PROFILE) remove(profiles, input, profile, ...parts);
  if (isShared) {
    log.say('settings and secrets stay: the original agent is installed');
    return;
  }
  if (parameters.KEEPSECRETS !== true) {
    for (const name of MACHINE_SECRETS) system.removeValue(SECRETS_KEY, name);
    system.removeKeyIfEmpty(SECRETS_KEY);
    system.removeKeyIfEmpty(SECRETS_KEY.slice(0, SECRETS_KEY.lastIndexOf('\\')));
    system.removeKeyIfEmpty(POLICY_KEY);
  }
  for (const name of namesUnlessHeld(directories.config).filter((each) => each.startsWith('agent.toml')))
    remove(join(directories.config, name), input);
  for (const name of namesUnlessHeld(directories.logs).filter((each) => /^agent\..*\.log$/.test(each)))
    remove(join(directories.logs, name), input);
  for (const name of [
    'outbox',
    'local_completions.json.imported',
    'local_completions.json',
    'staging',
    'last_swap.json',
  ])
    remove(join(directories.data, name), input);
  removeSetAside(input);
  for (const directory of [directories.config, directories.data, directories.logs, join(directories.data, '..')]) {
    try {
      rmdirSync(directory);
    } catch {
      // Somebody else keeps something there.
    }
  }
}

/** What the set-up has found to be somebody else's, and moved away. */
function removeSetAside(input: UninstallInput): void {
  const { config, data, logs } = input.directories;
  const home = dirname(config);
  for (const directory of [config, data, logs, home])
    for (const name of namesUnlessHeld(directory).filter(isSetAside)) remove(join(directory, name), input);
  for (const name of namesUnlessHeld(dirname(home)).filter(
    (each) => each.startsWith(`${basename(home)}${NOT_TRUSTED}`) && isSetAside(each),
  ))
    remove(join(dirname(home), name), input);
}

const TRIES = 5;
const TRY_EVERY_MS = 200;

/** `path`, or what `steps` lead to below it: then no step may be a link, and neither may one below the machine's directory. */
function remove(path: string, { log, system, directories }: UninstallInput, ...steps: readonly string[]): void {
  const whole = join(path, ...steps);
  const machine = dirname(dirname(directories.config));
  const below = relative(machine, path);
  const [from, way] = /^(?:\.\.|[a-z]:)/i.test(below) ? [path, steps] : [machine, [...below.split(/[\\/]/), ...steps]];
  for (let tries = 1; ; tries++) {
    try {
      if (system.removeTree(from, ...way)) log.say(`removed ${whole}`);
      return;
    } catch (error) {
      // A virus scanner may look at it just now.
      if (tries === TRIES) {
        log.say(`note: ${whole} can not be removed: ${errorText(error)}`);
        return;
      }
      blockFor(TRY_EVERY_MS);
    }
  }
}
