/** Programs onto the disk. Invariant: the files of a version that is whole are never changed, whoever runs them. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../agent/base/replace-file.ts';
import { READ_ONLY_TREE } from '../agent/os/windows/access.ts';
import { makeDirectory } from '../shared/make-directory.ts';
import type { Choices } from './choices.ts';
import { filesBelow, isSameFile, isSameTree, moveWhenFree, putBack, readIfThere } from './files.ts';
import type { InstallInput, Plan } from './plan.ts';
import { endPrograms } from './service.ts';
import type { Transaction } from './transaction.ts';

/** The new version beside the others. One that is there and whole stays, with everything that runs from it. */
export async function putVersion(input: InstallInput, plan: Plan, transaction: Transaction): Promise<void> {
  const { layout, staged, system, version } = input;
  const directory = layout.directoryOf(version);
  const tree = join(staged, 'tree');
  writeHost(tree, plan.choices.mode);
  if (layout.has(version)) {
    if (isSameTree(tree, directory, [HOST_FILE])) {
      await transaction.step(`version ${version} is there, and whole`, () => {
        const file = join(directory, HOST_FILE);
        const host = readIfThere(file);
        writeHost(directory, plan.choices.mode);
        return () => putBack(file, host);
      });
      return;
    }
    await transaction.step(`version ${version} is there, but damaged: it is replaced`, async () => {
      endPrograms(input, directory);
      const aside = join(layout.versionsDirectory, `.damaged-${Date.now()}`);
      await moveWhenFree(directory, aside);
      return () => renameSync(aside, directory);
    });
  }
  await transaction.step(`putting version ${version} into place`, async () => {
    await moveWhenFree(tree, directory);
    return () => void system.removeTree(directory);
  });
}

/** Read by the tray application (`src/main/places.ts`). */
const HOST_FILE = 'app/resources/host.json';

function writeHost(tree: string, host: Choices['mode']): void {
  const file = join(tree, HOST_FILE);
  const text = `${JSON.stringify({ host })}\n`;
  if (readIfThere(file)?.toString() !== text) replaceFile(file, text);
}

/** What was just made belongs to whoever installs; the service trusts the Administrators only. */
export function securePrograms({ layout, system, version, log }: InstallInput): void {
  const directory = layout.directoryOf(version);
  const made = [layout.root, layout.versionsDirectory, layout.bin, directory, join(directory, 'agent')];
  for (const path of made) system.secureDirectory(path, READ_ONLY_TREE, { deep: false }, (line) => log.say(line));
}

/** Starter, service host, uninstaller. A program that runs can be renamed, not overwritten. */
export async function putPrograms({ layout, staged }: InstallInput, transaction: Transaction): Promise<void> {
  const fresh = join(staged, 'root');
  makeDirectory(layout.bin);
  for (const name of filesBelow(fresh)) {
    const file = join(layout.root, name);
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
