/** Where things are. Invariant: nothing outside of the checkout and of our own cache directory is ever written by the set-up. */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** @param {string} name of a program, without `.exe` */
export function executable(name) {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

/**
 * Tools that are shared by all checkouts, built or downloaded once.
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheDir(env = process.env) {
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'kanade-tray', 'cache');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kanade-tray');
}

/** @param {string} path */
export function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * The program of this name on the PATH, found without starting it.
 * @param {string} name without `.exe`
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined}
 */
export function onPath(name, env = process.env) {
  const directories = (env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  return directories.map((directory) => join(directory, executable(name))).find(isFile);
}
