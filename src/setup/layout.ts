/**
 * What lies in the directory of the product (architecture §8): `bin`, `private`, `versions\<v>`, `current.json`. Invariants: which
 * version counts changes in one step, and the files of a version never change once it has counted.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { VERSION } from '../base/compare-versions.ts';
import { type CurrentVersion, currentIn, writeCurrent } from '../base/current-version.ts';
import { removeQuietly } from '../base/remove-quietly.ts';
import { shownVersion } from '../platform/shown-version.ts';
import { namesIn, namesUnlessHeld, readIfThere } from './files.ts';

export class Layout {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** What people start. */
  get bin(): string {
    return join(this.root, 'bin');
  }

  /** What the service and the set-up alone use: people can not even hold it open. */
  get privateDirectory(): string {
    return join(this.root, 'private');
  }

  get versionsDirectory(): string {
    return join(this.root, 'versions');
  }

  directoryOf(version: string): string {
    return join(this.versionsDirectory, version);
  }

  /** The version that counts; null: none is installed, or the file says none. @throws where it can't be read */
  get current(): string | null {
    return versionIn(readIfThere(this.#file));
  }

  /** The version that people start; null: none, or somebody keeps us from reading it. Never waits for them. */
  get shown(): string | null {
    return shownVersion(this.root);
  }

  /** Makes `version` the one that counts; null: none. `more`: that it is on trial, or that another one has failed. */
  switchTo(version: string | null, more: Omit<CurrentVersion, 'version'> = {}): void {
    // A count of another trial (`native/trial.h`); it counts nothing while there is none.
    removeQuietly(join(this.privateDirectory, 'starts'));
    write(this.#file, version, more);
  }

  /** What says to the programs that people start which version counts. */
  get shownFile(): string {
    return join(this.root, 'current.json');
  }

  /** @throws where somebody holds the file */
  show(version: string | null): void {
    write(this.shownFile, version);
  }

  /** What people start to remove it, and what is left of earlier ones. */
  uninstallers(): string[] {
    return pathsIn(this.root, (name) => /^uninstall\.exe(?:\.\d+\.old)?$/i.test(name));
  }

  has(version: string): boolean {
    return existsSync(this.directoryOf(version));
  }

  /** The versions that are there, whether they count or not. */
  versions(): string[] {
    return namesIn(this.versionsDirectory).filter((name) => VERSION.test(name));
  }

  /** What lies there that is not ours; the uninstaller takes whole directories away, so it must never be among them. */
  foreign(): string[] {
    const others = (directory: string, names: readonly string[], ours: RegExp) =>
      names.filter((name) => !ours.test(name)).map((name) => join(directory, name));
    const { root, bin, privateDirectory, versionsDirectory } = this;
    return [
      ...others(
        root,
        namesIn(root),
        /^(?:bin|private|versions|current\.json(?:\.[0-9a-f]{16}\.new)?|uninstall\.exe(?:\.\d+\.old)?)$/i,
      ),
      ...others(bin, namesUnlessHeld(bin), /^Kanade Tray\.exe(?:\.\d+\.old)?$/i),
      ...others(
        privateDirectory,
        namesIn(privateDirectory),
        /^(?:(?:current|install)\.json(?:\.[0-9a-f]{16}\.new)?|starts|(?:kanade-tray-agent|hand-over|uninstall|uninstaller)\.exe(?:\.\d+\.old)?)$/i,
      ),
      ...others(versionsDirectory, namesIn(versionsDirectory), /^(?:\d|\.(?:staged|setup|damaged-|handed-over-))/),
    ];
  }

  /** For programs that take the directory of the product away; `native/uninstall.c` names its own like that too. */
  newAside(): string {
    return `${this.root}.removing-${randomBytes(8).toString('hex')}`;
  }

  /** What an interrupted set-up, one that found something damaged, or a removal has left. */
  asides(): string[] {
    const removing = `${basename(this.root)}.removing-`;
    return [
      ...pathsIn(dirname(this.root), (name) => name.startsWith(removing)),
      ...pathsIn(this.versionsDirectory, (name) => /^\.(?:(?:damaged|handed-over)-|setup$)/.test(name)),
      ...[this.bin, this.privateDirectory, this.root].flatMap((directory) =>
        pathsIn(directory, (name) => name.endsWith('.old')),
      ),
    ];
  }

  get #file(): string {
    return join(this.privateDirectory, 'current.json');
  }
}

function versionIn(bytes: Buffer | null): string | null {
  return currentIn(bytes?.toString() ?? '')?.version ?? null;
}

function write(file: string, version: string | null, more: Omit<CurrentVersion, 'version'> = {}): void {
  if (version === null) rmSync(file, { force: true });
  else writeCurrent(file, { version, ...more });
}

/** Only to tidy up: what can't be checked is for the next time. */
function pathsIn(directory: string, isWanted: (name: string) => boolean): string[] {
  return namesUnlessHeld(directory)
    .filter(isWanted)
    .map((name) => join(directory, name));
}
