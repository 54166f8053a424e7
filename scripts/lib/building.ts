/**
 * The built product. Invariant: what lies in `dist` was made from the sources as they are now, else it is made again.
 */
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { withLock } from '../bootstrap/lock.mjs';
import { isFile, ROOT } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { CliError, step } from '../bootstrap/say.mjs';

/** The files outside of `src` that a build depends on. */
const CONFIG = [
  'vite.config.ts',
  'package.json',
  'package-lock.json',
  'scripts/lib/vite-ascii.ts',
  'scripts/lib/vite-licences.ts',
];
/** What is built, each by its mode of `vite.config.ts`. */
const PARTS = ['agent', 'web', 'renderer', 'main', 'preload', 'test-main'];

/** The built entry point of the page's server. */
export const WEB_MAIN = join(ROOT, 'dist', 'web', 'main.js');
/** The agent's built entry point. */
export const AGENT_MAIN = join(ROOT, 'dist', 'agent', 'main.js');

/**
 * Builds `dist` with Vite, unless it is up to date.
 * @param node Node 24
 * @throws {@link CliError} with what Vite said, when it cannot be built
 */
export async function ensureBuilt(node: string, root = ROOT) {
  if (isBuilt(root)) return;
  const name = `build-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
  await withLock(name, async () => {
    if (!isBuilt(root)) await build(node, root);
  });
}

function isBuilt(root: string) {
  const stamp = stampFile(root);
  return isFile(stamp) && readFileSync(stamp, 'utf8') === inputsHash(root);
}

async function build(node: string, root: string) {
  // Taken before the build: what changes meanwhile makes the next start build again.
  const inputs = inputsHash(root);
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  await step('Building', async () => {
    for (const part of PARTS) {
      const args = [vite, 'build', '--mode', part, '--logLevel', 'warn'];
      const result = await quiet(node, args, { cwd: root, env: { ...process.env, NODE_ENV: 'production' } });
      if (!result.ok) throw new CliError(`The build failed:\n${stripVTControlCharacters(result.output).trim()}`);
    }
  });
  cpSync(join(root, 'assets', 'tray'), join(root, 'dist', 'assets', 'tray'), { recursive: true });
  cpSync(join(root, 'assets', 'app'), join(root, 'dist', 'assets', 'app'), { recursive: true });
  describeApps(root);
  writeFileSync(stampFile(root), inputs);
}

/** What Electron reads of an app that it is started with: `electron dist`, and in tests `electron dist/test-main`. */
function describeApps(root: string) {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const about = { name, productName: 'Kanade Tray', version };
  const write = (folder: string, more: object) =>
    writeFileSync(join(root, 'dist', folder, 'package.json'), JSON.stringify({ ...about, ...more }, null, 2));
  write('.', { type: 'module', main: 'main/main.js' });
  write('agent', { type: 'commonjs', main: 'main.js' });
  write('test-main', { type: 'commonjs', main: 'main.cjs' });
}

function stampFile(root: string) {
  return join(root, 'dist', 'agent', '.inputs');
}

/** A digest of all that goes into a build; tests do not. */
export function inputsHash(root: string) {
  const sources = ['src', 'assets'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  );
  const hash = createHash('sha256');
  for (const file of [...sources, ...CONFIG].sort()) {
    const path = join(root, file);
    if (isFile(path)) hash.update(`${file}\0`).update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}
