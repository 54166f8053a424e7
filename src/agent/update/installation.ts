/**
 * Where our program lies, and whether it is ours to replace (architecture §8): `<root>/versions/<version>/agent` beside
 * `<root>/private/current.json`. Anything else belongs to somebody else: a package manager, an installer, a checkout.
 */
import { accessSync, constants, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compareVersions, VERSION } from '../../base/compare-versions.ts';
import { type CurrentVersion, readCurrent, writeCurrent } from '../../base/current-version.ts';
import { removeLargeQuietly, removeQuietly } from '../../base/remove-quietly.ts';

/** Who brings a new version here. */
export type Installed = { readonly by: 'us'; readonly installation: Installation } | { readonly by: 'others' };

/** Beside the versions, for one that is being made. */
const STAGED = '.staged-update';

export class Installation {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get versionsDirectory(): string {
    return join(this.root, 'versions');
  }

  directoryOf(version: string): string {
    return join(this.versionsDirectory, version);
  }

  get stagedDirectory(): string {
    return join(this.versionsDirectory, STAGED);
  }

  /** null: nothing counts, or it can't be read now. */
  get current(): CurrentVersion | null {
    try {
      return readCurrent(this.#currentFile);
    } catch {
      return null;
    }
  }

  /** From the next start on. @throws where the disk takes nothing; then nothing has changed */
  switchTo(current: CurrentVersion): void {
    // A count of another trial; it counts nothing while there is none.
    this.forgetStarts();
    writeCurrent(this.#currentFile, current);
  }

  /** A start that came to an orderly end has not failed; see `packaging/linux/starter.sh`, which counts them. */
  forgetStarts(): void {
    removeQuietly(join(this.root, 'private', 'starts'));
  }

  /** Beside `version` one stays for a way back: `before`, else the newest. Others go, as far as nothing holds them. */
  async tidy(version: string, before?: string): Promise<void> {
    const others = namesIn(this.versionsDirectory).filter((name) => VERSION.test(name) && name !== version);
    const kept = before ?? others.toSorted(compareVersions).at(-1);
    for (const other of others) if (other !== kept) await removeLargeQuietly(this.directoryOf(other));
    await removeLargeQuietly(this.stagedDirectory);
  }

  get #currentFile(): string {
    return join(this.root, 'private', 'current.json');
  }
}

/** `program`: the directory of the agent that runs; `version`: what it calls itself. */
export function findInstallation(program: string, version: string, platform: NodeJS.Platform): Installed {
  const directory = dirname(program);
  const versions = dirname(directory);
  const isVersion = basename(directory) === version && basename(versions) === 'versions' && VERSION.test(version);
  // On Windows the set-up does it: services, access lists and the list of apps go with a version there.
  if (!isVersion || platform === 'win32') return { by: 'others' };
  const installation = new Installation(dirname(versions));
  // Also after a hand has started it while another one counts: then it is not ours to decide.
  if (installation.current?.version !== version) return { by: 'others' };
  return isWritable(versions) && isWritable(join(installation.root, 'private'))
    ? { by: 'us', installation }
    : { by: 'others' };
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
