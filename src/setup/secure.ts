/**
 * What is made safe before a single byte is written: the directories of the settings, and that of the programs. Invariant: from
 * the first directory that we make on, nobody but the Administrators can change anything; where that can't be done the set-up ends
 * and says why. (Everybody may make directories below `ProgramData` and `C:\`.)
 */
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { win32 } from 'node:path';
import { LISTED_TREE, PASSABLE_TREE, PRIVATE_TREE, READ_ONLY_TREE } from '../platform/windows/access.ts';
import { rightsAbove } from '../platform/windows/access-list.ts';
import type { Say } from '../platform/windows/holders.ts';
import type { Inside } from '../platform/windows/secure-directory.ts';
import { isSetAside, NotSecured } from '../platform/windows/set-aside.ts';
import type { Directories } from '../shared/directories.ts';
import { type Choices, choicesFile, readChoices } from './choices.ts';
import { SETUP_EXIT, SetupError } from './exit-codes.ts';
import { namesIn, namesUnlessHeld } from './files.ts';
import type { Layout } from './layout.ts';
import type { System } from './system.ts';

type Part = Pick<System, 'secureDirectory' | 'untrusted' | 'removeTree'>;

/**
 * Settings, data and logs. What somebody else has laid down there is moved away, and said. Nothing of them is for people, but for
 * the settings themselves in tray mode, where each person's agent reads them. @throws {SetupError}
 */
export function secureData(directories: Directories, mode: Choices['mode'], system: Part, say: Say): void {
  const { config, data, logs, dataFromEnvironment } = directories;
  const home = win32.dirname(config);
  const secure = (path: string, sddl: string, inside: Inside) =>
    secured(() => system.secureDirectory(path, sddl, inside, say));
  mustBeSafe(win32.dirname(home), system);
  secure(home, PRIVATE_TREE, SHALLOW);
  const settings = { deep: true, tellsReaders: true };
  if (mode === 'tray') secure(config, LISTED_TREE, { ...settings, readable: [SETTINGS_FILE] });
  else secure(config, PRIVATE_TREE, settings);
  // Whoever held it since before us could have made a link of it until something of ours lay in it.
  mustBeSafe(home, system);
  if (dataFromEnvironment) {
    mustBeOurs(data);
    secureAbove(data, system, say);
  }
  secure(data, PRIVATE_TREE, DEEP);
  secure(logs, PRIVATE_TREE, DEEP);
  for (const path of [config, data, logs].flatMap(ancestorsOf)) mustBeSafe(path, system);
}

/** Of our agent and of the original. */
const OF_DATA = /^(?:kanade-tray|outbox|staging|admission|local_completions\.json(?:\..*)?|last_swap\.json(?:\..*)?)$/i;

/** All that lies in it would be shut: a name that was given by mistake must not shut what is another program's, or people's. */
function mustBeOurs(data: string): void {
  const foreign = namesIn(data).find((name) => !OF_DATA.test(name) && !isSetAside(name));
  if (foreign === undefined) return;
  throw new SetupError(
    SETUP_EXIT.configuration,
    `${data} holds what is not ours (${foreign}); name a directory of its own by KANADE_AGENT_DATA_DIR`,
  );
}

const SHALLOW: Inside = { deep: false };
const DEEP: Inside = { deep: true };
const SETTINGS_FILE = 'agent.toml';

/** Who runs the agent as things are, where only administrators can have said so. */
export function modeBefore(layout: Layout, system: Pick<System, 'untrusted'>): Choices['mode'] {
  const file = choicesFile(layout);
  const decide = [layout.root, layout.privateDirectory, file];
  if (!existsSync(file) || decide.some((path) => system.untrusted(path) !== null)) return 'service';
  // `/D` may name a place of somebody else's, who leads the way there elsewhere between a check and the reading.
  if (whyExchangeable(layout.privateDirectory, system) !== null) return 'service';
  return readChoices(layout)?.mode ?? 'service';
}

/** Why a name in `directory` could be led elsewhere by somebody else; null: nobody could. */
export function whyExchangeable(directory: string, system: Pick<System, 'untrusted'>): string | null {
  for (const path of [...ancestorsOf(directory), directory]) {
    const isOnlyAbove = path !== directory || isDrive(path);
    const why = system.untrusted(path, isOnlyAbove ? rightsAbove(path) : undefined);
    if (why !== null) return `${path} ${why}`;
  }
  return null;
}

/**
 * The directory of the programs, those above it that are missing, and an empty one for what is unpacked. What lies there already
 * must be ours, and nobody else's to change. @throws {SetupError}
 */
export function secureRoot(layout: Layout, staged: string, system: Part, say: Say): void {
  const { root } = layout;
  secureAbove(root, system, say);
  const why = existsSync(root) ? system.untrusted(root) : null;
  if (why !== null && !isRemoved(root)) throw refused(`${root} ${why}`);
  const [foreign] = layout.foreign();
  if (foreign !== undefined)
    throw new SetupError(
      SETUP_EXIT.configuration,
      `${root} holds what is not ours (${foreign}); name an empty directory by /D`,
    );
  secured(() => system.secureDirectory(root, PASSABLE_TREE, SHALLOW, say));
  const { bin, privateDirectory, versionsDirectory } = layout;
  const names = (directory: string) => (directory === bin ? namesUnlessHeld(directory) : namesIn(directory));
  for (const directory of [root, bin, privateDirectory, versionsDirectory])
    for (const name of names(directory)) {
      const path = win32.join(directory, name);
      const why = system.untrusted(path);
      if (why !== null) throw refused(`${path} ${why}`);
    }
  secured(() => system.secureDirectory(privateDirectory, PRIVATE_TREE, SHALLOW, say));
  secured(() => system.secureDirectory(versionsDirectory, PASSABLE_TREE, SHALLOW, say));
  system.removeTree(staged);
  // Until it is in its place nobody can hold anything of it.
  secured(() => system.secureDirectory(staged, PRIVATE_TREE, SHALLOW, say));
  // Whoever had a hand in it before we were here may have exchanged something meanwhile.
  for (const path of [...ancestorsOf(staged), staged]) mustBeSafe(path, system);
}

/**
 * Why somebody else could have what is written to `file` go elsewhere; null: nobody could. One that is there already may also be an
 * administrator's own in a directory where others may only add to what is there. Directories that are missing are made, for
 * administrators to change.
 */
export function whyLedElsewhere(file: string, system: Part, say: Say): string | null {
  try {
    secureAbove(file, system, say);
  } catch (error) {
    if (error instanceof SetupError) return error.message.replace(/; name a directory by .*/, '');
    throw error;
  }
  const why = whyExchangeable(win32.dirname(file), system);
  return why !== null && existsSync(file) && system.untrusted(file) === null ? null : why;
}

/** Those above `path`: nobody may exchange one that is there, and one that is missing is made. */
function secureAbove(path: string, system: Part, say: Say): void {
  for (const each of ancestorsOf(path)) {
    if (existsSync(each)) mustBeSafe(each, system);
    else secured(() => system.secureDirectory(each, READ_ONLY_TREE, SHALLOW, say));
  }
}

/** From the root of the drive on. */
function ancestorsOf(path: string): string[] {
  const above: string[] = [];
  for (let at = win32.dirname(path); !above.includes(at); at = win32.dirname(at)) above.unshift(at);
  return above;
}

function isDrive(path: string): boolean {
  return win32.dirname(path) === path;
}

function mustBeSafe(path: string, system: Part): void {
  const why = system.untrusted(path, rightsAbove(path));
  if (why !== null) throw refused(`${path} ${why}`);
}

function refused(what: string): SetupError {
  return new SetupError(
    SETUP_EXIT.configuration,
    `${what}; name a directory by /D that only administrators can change`,
  );
}

function secured(work: () => void): void {
  try {
    work();
  } catch (error) {
    throw error instanceof NotSecured ? new SetupError(SETUP_EXIT.configuration, error.message) : error;
  }
}

/** Only an empty one goes. */
function isRemoved(path: string): boolean {
  try {
    if (readdirSync(path).length > 0) return false;
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
