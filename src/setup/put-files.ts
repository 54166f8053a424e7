/**
 * Programs onto the disk. Invariants: the files of a version that is whole are never changed, whoever runs them; nothing that the
 * service or the set-up needs can be held open by people, and what they must be able to read keeps no set-up from its end.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../agent/base/replace-file.ts';
import { PASSABLE_TREE, PRIVATE_TREE, READ_ONLY_TREE } from '../agent/os/windows/access.ts';
import { StillHeld } from '../agent/os/windows/holders.ts';
import { makeDirectory } from '../shared/make-directory.ts';
import type { Choices } from './choices.ts';
import { filesBelow, isInUse, isSameFile, isSameTree, moveWhenFree, readIfThere } from './files.ts';
import { STARTER } from './names.ts';
import type { InstallInput, Plan } from './plan.ts';
import { endPrograms, type ServiceParts } from './service.ts';
import type { Transaction } from './transaction.ts';

type Mode = Choices['mode'];

/** The new version beside the others. One that is there and whole stays, with everything that runs from it. */
export async function putVersion(input: InstallInput, plan: Plan, transaction: Transaction): Promise<void> {
  const { layout, staged, version } = input;
  const { mode } = plan.choices;
  const modeBefore = plan.choicesBefore?.mode ?? mode;
  const directory = layout.directoryOf(version);
  const tree = join(staged, 'tree');
  writeHost(tree, mode);
  if (layout.has(version)) {
    if (isSameTree(tree, directory, [HOST_FILE])) {
      await transaction.step(`version ${version} is there, and whole`, () => {
        sayHost(input, directory, mode);
        return () => {
          sayHost(input, directory, modeBefore);
          openVersion(input, directory, modeBefore);
        };
      });
      return;
    }
    await transaction.step(`version ${version} is there, but damaged: it is replaced`, () => {
      endPrograms(input, directory);
      const aside = join(layout.versionsDirectory, `.damaged-${Date.now()}`);
      whenShut(input, directory, () => renameSync(directory, aside));
      return () => {
        renameSync(aside, directory);
        openVersion(input, directory, modeBefore);
      };
    });
  }
  await transaction.step(`putting version ${version} into place`, async () => {
    await moveWhenFree(tree, directory);
    return () => removeWhenShut(input, directory);
  });
}

/** Read by the tray application (`src/main/places.ts`). */
const HOST_FILE = 'app/resources/host.json';

function hostText(host: Mode): string {
  return `${JSON.stringify({ host })}\n`;
}

function writeHost(tree: string, host: Mode): void {
  replaceFile(join(tree, HOST_FILE), hostText(host));
}

/** In a version that people may be running. */
function sayHost(input: InstallInput, directory: string, host: Mode): void {
  if (!saysHost(directory, host)) whenShut(input, directory, () => writeHost(directory, host));
}

function saysHost(directory: string, host: Mode): boolean {
  try {
    return readIfThere(join(directory, HOST_FILE))?.toString() === hostText(host);
  } catch (error) {
    if (isInUse(error)) return false;
    throw error;
  }
}

// --- who may read what -------------------------------------------------------------------------------------------------------

/**
 * Of what was put into its place people may read what they start, and in tray mode the agent too. Whoever may read a file may hold
 * it, so that nobody else can: nothing else is theirs to read. All of it belongs to the Administrators from then on, whoever installs.
 */
export function openPrograms(input: InstallInput, mode: Mode): void {
  const { layout, version } = input;
  secure(input, layout.privateDirectory, PRIVATE_TREE, true);
  secure(input, layout.bin, READ_ONLY_TREE, true);
  const uninstall = join(layout.root, 'uninstall.exe');
  if (existsSync(uninstall)) input.system.makeReadable(uninstall);
  openVersion(input, layout.directoryOf(version), mode);
}

function openVersion(input: InstallInput, directory: string, mode: Mode): void {
  secure(input, directory, PASSABLE_TREE, false);
  for (const part of ['agent', 'node'])
    secure(input, join(directory, part), mode === 'tray' ? READ_ONLY_TREE : PASSABLE_TREE, true);
  secure(input, join(directory, 'app'), READ_ONLY_TREE, true);
}

/** Does `work` on a version that people can't open any more, ending those of them that still keep us from it. */
function whenShut<T>(input: Pick<ServiceParts, 'system' | 'log'>, directory: string, work: () => T): T {
  secure(input, directory, PRIVATE_TREE, true);
  return input.system.insist(directory, work, (line) => input.log.say(line));
}

function secure(
  { system, log }: Pick<ServiceParts, 'system' | 'log'>,
  path: string,
  sddl: string,
  deep: boolean,
): void {
  if (existsSync(path)) system.secureDirectory(path, sddl, { deep }, (line) => log.say(line));
}

/** A part of the product, and whoever holds it open. @throws where it can't be removed */
export function removeWhenShut(input: Pick<ServiceParts, 'system' | 'log'>, directory: string): void {
  whenShut(input, directory, () => input.system.removeTree(directory));
}

// --- beside the versions -----------------------------------------------------------------------------------------------------

/** What people may read, and so hold: an older one does as well. */
const SHOWN = new Set([`bin/${STARTER}`, 'uninstall.exe']);

/** Starter, service host, uninstaller. A program that runs can be renamed, not overwritten. */
export async function putPrograms(input: InstallInput, transaction: Transaction): Promise<void> {
  const { layout, staged } = input;
  const fresh = join(staged, 'root');
  for (const directory of [layout.bin, layout.privateDirectory]) makeDirectory(directory);
  for (const name of filesBelow(fresh)) {
    const file = join(layout.root, name);
    if (isSameFile(join(fresh, name), file)) continue;
    await transaction.step(`putting ${name} into place`, async () => {
      const aside = existsSync(file) ? `${file}.${Date.now()}.old` : null;
      if (aside !== null) {
        if (!SHOWN.has(name)) await moveWhenFree(file, aside);
        else if (!isDone(input, file, () => renameSync(file, aside))) return null;
      }
      await moveWhenFree(join(fresh, name), file);
      return () => {
        rmSync(file, { force: true });
        if (aside !== null) renameSync(aside, file);
      };
    });
  }
}

/** The programs that people start use `version` from now on; null: none. */
export function showVersion(input: InstallInput, version: string | null): void {
  const { layout, system } = input;
  if (isDone(input, layout.shownFile, () => layout.show(version)) && version !== null)
    system.makeReadable(layout.shownFile);
}

/** False: somebody holds `file` whom we must not end; that is said, and the one before stays. */
function isDone({ system, log }: InstallInput, file: string, work: () => void): boolean {
  const say = (line: string) => log.say(line);
  try {
    system.insist(file, work, say);
    return true;
  } catch (error) {
    if (!(error instanceof StillHeld)) throw error;
    say(`note: ${file} stays as it was until the next installation: ${error.message}`);
    return false;
  }
}
