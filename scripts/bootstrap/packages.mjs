/**
 * The npm packages. Invariant: they are installed exactly as the lockfile says, and installed again only when it changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { withLock } from './lock.mjs';
import { isFile, ROOT } from './paths.mjs';
import { quiet } from './processes.mjs';
import { CliError, step } from './say.mjs';

/**
 * Installs the packages when they are missing or not those of the lockfile.
 * @throws {CliError} when npm cannot do it
 */
export async function ensurePackages(root = ROOT) {
  if (packagesAreCurrent(root)) return;
  await withLock(`packages-${sha256(root).slice(0, 16)}`, async () => {
    // Another start may have done it while this one waited for the lock.
    if (!packagesAreCurrent(root)) await step('Installing packages (once, about a minute)', () => install(root));
  });
}

/**
 * Whether what is installed is what the lockfile asks for. A stamp makes the next answer cheap.
 * @param {string} root
 */
export function packagesAreCurrent(root) {
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const hash = sha256(lockText);
  const stamp = join(root, 'node_modules', '.kanade-tray-lockfile');
  if (isFile(stamp) && readFileSync(stamp, 'utf8') === hash) return true;
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!isFile(installed) || !satisfies(JSON.parse(readFileSync(installed, 'utf8')), JSON.parse(lockText))) return false;
  writeFileSync(stamp, hash);
  return true;
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} Entry
 * @typedef {{ packages?: Record<string, Entry> }} Lockfile
 */

/**
 * Optional packages may be absent: they are those of other platforms.
 * @param {Lockfile} installed npm's own record, `node_modules/.package-lock.json`
 * @param {Lockfile} wanted
 */
export function satisfies(installed, wanted) {
  return Object.entries(wanted.packages ?? {}).every(([path, entry]) => {
    const there = installed.packages?.[path];
    if (path === '') return true;
    if (there === undefined) return entry.optional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

/** @param {string} root */
async function install(root) {
  if (process.platform === 'win32' && process.execPath.startsWith(join(root, 'node_modules') + sep)) {
    throw new CliError(
      'The packages have changed, and Windows cannot replace a Node that runs: run "npm ci --ignore-scripts", then this again.',
    );
  }
  const npm = npmCommand();
  // Every package carries its binary: scripts are not needed, and some would try to compile. The error level keeps the
  // warnings about Node 20, which only runs these scripts, from the reader.
  const args = [...npm.args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = await quiet(npm.command, args, { cwd: root, shell: npm.shell });
  if (!result.ok) {
    throw new CliError(
      `The packages could not be installed. npm said:\n${result.output.trim()}\nThe npm registry must be reachable; then start this again.`,
    );
  }
  writeFileSync(
    join(root, 'node_modules', '.kanade-tray-lockfile'),
    sha256(readFileSync(join(root, 'package-lock.json'), 'utf8')),
  );
}

/** npm as it was started, so that no second version of it is at work; else the one on the PATH. */
function npmCommand() {
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  if (script?.endsWith('.js') && existsSync(script) && node && existsSync(node))
    return { command: node, args: [script], shell: false };
  return { command: 'npm', args: [], shell: process.platform === 'win32' };
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}
