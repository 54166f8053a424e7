/**
 * Programs onto the disk. Invariants: the files of a version that is whole are never changed, whoever runs them; nothing that the
 * service or the set-up needs can be held open by people, and what they must be able to read keeps no set-up from its end.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeQuietly } from '../base/remove-quietly.ts';
import { replaceFile } from '../base/replace-file.ts';
import { COMPILED_DIRECTORY } from '../platform/compile-cache.ts';
import { PASSABLE_TREE, PRIVATE_TREE, READ_ONLY_TREE, READABLE_PROGRAM } from '../platform/windows/access.ts';
import { StillHeld } from '../platform/windows/holders.ts';
import { makeDirectory } from '../shared/make-directory.ts';
import type { Choices } from './choices.ts';
import { filesBelow, isSameFile, isSameTree, moveWhenFree, putBack, readIfThere } from './files.ts';
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
  const say = (line: string) => input.log.say(line);
  writeHost(tree, mode);
  if (layout.has(version)) {
    // First of all: who holds it open could keep us from reading it as well.
    await transaction.step(`version ${version} is there`, () => () => openVersion(input, directory, modeBefore));
    shut(input, directory);
    for (const name of filesBelow(directory)) input.system.freeFile(join(directory, name), say);
    if (input.system.insist(directory, () => isSameTree(tree, directory, [HOST_FILE, COMPILED]), say)) {
      await transaction.step('it is whole', () => {
        // What a repair leaves is the program alone; the agent compiles it again.
        removeQuietly(join(directory, COMPILED));
        const file = join(directory, HOST_FILE);
        const host = readIfThere(file);
        if (host?.toString() !== hostText(mode)) {
          if (host !== null) input.system.shutFile(file, say);
          writeHost(directory, mode);
        }
        return () => putBack(file, host);
      });
      return;
    }
    await transaction.step('but damaged: it is replaced', () => {
      endPrograms(input, directory);
      // To move a directory waits for whoever has a lock on anything in it.
      for (const name of filesBelow(directory)) input.system.shutFile(join(directory, name), say);
      const aside = join(layout.versionsDirectory, `.damaged-${Date.now()}`);
      input.system.insist(directory, () => renameSync(directory, aside), say);
      return () => renameSync(aside, directory);
    });
  }
  await transaction.step(`putting version ${version} into place`, async () => {
    await moveWhenFree(tree, directory);
    return () => removeWhenShut(input, directory);
  });
}

/** Read by the tray application (`src/main/paths.ts`). */
const HOST_FILE = 'app/resources/host.json';
/** Written by each agent that has run from there. */
const COMPILED = `agent/${COMPILED_DIRECTORY}`;

function hostText(host: Mode): string {
  return `${JSON.stringify({ host })}\n`;
}

function writeHost(tree: string, host: Mode): void {
  replaceFile(join(tree, HOST_FILE), hostText(host));
}

// --- who may read what -------------------------------------------------------------------------------------------------------

/**
 * Of what was put into its place people may read what they start, and in tray mode the agent too. Whoever may read a file may hold
 * it, so that nobody else can: nothing else is theirs to read. All of it belongs to the Administrators from then on, whoever installs.
 */
export function openPrograms(input: InstallInput, mode: Mode): void {
  const { layout, version } = input;
  give(input, layout.privateDirectory, PRIVATE_TREE, true);
  openShown(input);
  openVersion(input, layout.directoryOf(version), mode);
}

function openShown(input: InstallInput): void {
  give(input, input.layout.bin, READ_ONLY_TREE, true);
  give(input, join(input.layout.root, 'uninstall.exe'), READABLE_PROGRAM, false);
}

function openVersion(input: InstallInput, directory: string, mode: Mode): void {
  const ofAgent = mode === 'tray' ? READ_ONLY_TREE : PASSABLE_TREE;
  for (const part of ['agent', 'node']) give(input, join(directory, part), ofAgent, true);
  give(input, join(directory, 'app'), READ_ONLY_TREE, true);
  give(input, directory, PASSABLE_TREE, false);
}

export function give({ system }: Parts, path: string, sddl: string, deep: boolean): void {
  if (existsSync(path)) system.giveAccess(path, sddl, { deep });
}

type Parts = Pick<ServiceParts, 'system' | 'log'>;

/** People can't open it any more; who has something of it open in a way that could keep us from it is ended. */
function shut({ system, log }: Parts, directory: string): void {
  system.secureDirectory(directory, PRIVATE_TREE, { deep: true, alsoProtected: true }, (line) => log.say(line));
}

/** A part of the product, and whoever holds it open. @throws where it can't be removed */
export function removeWhenShut(input: Parts, directory: string): void {
  if (!existsSync(directory)) return;
  shut(input, directory);
  input.system.insist(
    directory,
    () => input.system.removeTree(directory),
    (line) => input.log.say(line),
  );
}

// --- beside the versions -----------------------------------------------------------------------------------------------------

/** What people may read, and so hold: an older one does as well. */
const SHOWN = new Set([`bin/${STARTER}`, 'uninstall.exe']);

/** Starter, service host, uninstaller. A program that runs can be renamed, not overwritten. */
export async function putPrograms(input: InstallInput, transaction: Transaction): Promise<void> {
  const { layout, staged } = input;
  const fresh = join(staged, 'root');
  await transaction.step('programs beside the versions', () => () => openShown(input));
  if (existsSync(layout.bin)) shut(input, layout.bin);
  for (const directory of [layout.bin, layout.privateDirectory]) makeDirectory(directory);
  for (const name of filesBelow(fresh)) {
    const file = join(layout.root, name);
    if (SHOWN.has(name) && existsSync(file) && !isShut(input, file)) continue;
    if (isSameFile(join(fresh, name), file)) continue;
    await transaction.step(`putting ${name} into place`, async () => {
      const aside = existsSync(file) ? `${file}.${Date.now()}.old` : null;
      if (aside !== null) await moveWhenFree(file, aside);
      await moveWhenFree(join(fresh, name), file);
      return () => {
        rmSync(file, { force: true });
        if (aside !== null) renameSync(aside, file);
      };
    });
  }
}

/** The programs that people start use `version` from now on; null: none. */
export function showVersion(input: Parts & Pick<ServiceParts, 'layout'>, version: string | null): void {
  const { layout } = input;
  if (existsSync(layout.shownFile) && !isShut(input, layout.shownFile)) return;
  try {
    layout.show(version);
  } finally {
    give(input, layout.shownFile, READABLE_PROGRAM, false);
  }
}

/**
 * False: somebody whom we must not end holds `file`; that is said, and the one that is there stays, for those whom `readers` names to
 * read.
 */
export function isShut(input: Parts, file: string, readers = READABLE_PROGRAM): boolean {
  const say = (line: string) => input.log.say(line);
  try {
    input.system.shutFile(file, say);
    return true;
  } catch (error) {
    if (!(error instanceof StillHeld)) throw error;
    say(`note: ${file} stays as it was until the next installation: ${error.message}`);
    give(input, file, readers, false);
    return false;
  }
}
