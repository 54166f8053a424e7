/**
 * Where our program lies, and whether it is ours to replace (architecture §8): `<root>/versions/<version>/agent` beside
 * `<root>/private/current.json`. Anything else belongs to somebody else: a package manager, an installer, a checkout.
 */
import { accessSync, constants, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compareVersions, VERSION } from '../../base/compare-versions.ts';
import { type CurrentVersion, readCurrent, writeCurrent } from '../../base/current-version.ts';
import { removeLargeQuietly, removeQuietly } from '../../base/remove-quietly.ts';
import type { Hosting } from '../../shared/states.ts';

/** Who brings a new version here. `apt`: the package manager, which can be asked to. */
export type Installed =
  | { readonly by: 'us'; readonly installation: Installation }
  | { readonly by: 'apt' }
  | { readonly by: 'others' };

/** Of the Debian package (`scripts/lib/packaging/deb.ts`). */
const OF_DEBIAN = '/usr/lib/kanade-tray/agent';

/**
 * What puts a version that lies ready into its place. `starter`: we do, and a starter beside the versions starts it. `setup`: the
 * set-up that comes with it, since services, access lists and the list of apps go with a version there.
 */
export type PutBy = 'starter' | 'setup';

/** Beside the versions: for one that is being made, and for one that is ready for its set-up. */
const STAGED = '.staged-update';
const READY = '.staged-ready';

export class Installation {
  readonly root: string;
  readonly putBy: PutBy;

  constructor(root: string, putBy: PutBy) {
    this.root = root;
    this.putBy = putBy;
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

  /** Where a version lies once it is ready. */
  readyDirectory(version: string): string {
    return this.putBy === 'setup' ? join(this.versionsDirectory, READY) : this.directoryOf(version);
  }

  /** What a package is unpacked into, of one of the above. The set-up takes it away as a whole. */
  packageIn(directory: string): string {
    return this.putBy === 'setup' ? join(directory, 'package') : directory;
  }

  /** What becomes a version, of the same: Node and the agent. */
  treeIn(directory: string): string {
    return this.putBy === 'setup' ? join(this.packageIn(directory), 'tree') : directory;
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

  /**
   * Beside `version` one stays for a way back: `before`, else the newest. Others go, as far as nothing holds them; where people run
   * programs from there the set-up does that.
   */
  async tidy(version: string, before?: string): Promise<void> {
    if (this.putBy === 'starter') await this.#removeOthers(version, before);
    for (const staged of [this.stagedDirectory, join(this.versionsDirectory, READY)]) await removeLargeQuietly(staged);
  }

  async #removeOthers(version: string, before?: string): Promise<void> {
    const others = namesIn(this.versionsDirectory).filter((name) => VERSION.test(name) && name !== version);
    const kept = before ?? others.toSorted(compareVersions).at(-1);
    for (const other of others) if (other !== kept) await removeLargeQuietly(this.directoryOf(other));
  }

  get #currentFile(): string {
    return join(this.root, 'private', 'current.json');
  }
}

/** `program`: the directory of the agent that runs; `version`: what it calls itself. */
export function findInstallation(program: string, version: string, host: InstallationHost): Installed {
  if (host.platform === 'linux' && host.startedAs === 'service' && program === OF_DEBIAN) return { by: 'apt' };
  const directory = dirname(program);
  const versions = dirname(directory);
  const isVersion = basename(directory) === version && basename(versions) === 'versions' && VERSION.test(version);
  const isWindows = host.platform === 'win32';
  // There only the service may change programs: in tray mode the agent is the person, and one person's agent must not change
  // what others run.
  if (!isVersion || (isWindows && host.startedAs !== 'service')) return { by: 'others' };
  const installation = new Installation(dirname(versions), isWindows ? 'setup' : 'starter');
  // Also after a hand has started it while another one counts: then it is not ours to decide.
  if (installation.current?.version !== version) return { by: 'others' };
  return isWritable(versions) && isWritable(join(installation.root, 'private'))
    ? { by: 'us', installation }
    : { by: 'others' };
}

/** Of the process that asks. */
export interface InstallationHost {
  readonly platform: NodeJS.Platform;
  readonly startedAs: Hosting;
}

/** The programs of a version, in its directory or in one that is to become it. */
export function programIn(tree: string): string {
  return join(tree, 'node', process.platform === 'win32' ? 'node.exe' : 'node');
}

export function mainIn(tree: string): string {
  return join(tree, 'agent', 'main.js');
}

export function setupIn(tree: string): string {
  return join(tree, 'agent', 'setup.js');
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
