/**
 * Installers for tests, built from a copy of the sources each: today's version, a newer one, and a newer one whose agent ends at
 * once. Invariant: one that is there was made from the sources as they are now.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, isFile, ROOT } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { CliError, step } from '../../bootstrap/say.mjs';
import { inputsHash } from '../building.ts';
import { updateName } from './archive.ts';
import { TEST_SUFFIX } from './test-suffix.ts';

const SOURCES = ['src', 'assets', 'scripts', 'installer', 'native', 'packaging', 'package.json', 'package-lock.json'];
const FILES = ['vite.config.ts', 'tsconfig.json', 'electron-builder.yml', 'LICENSE'];
const NEXT = '9.1.0';
const BROKEN = '9.2.0';

interface Build {
  readonly version: string;
  readonly file: string;
  /** For Windows. */
  readonly update: string;
}

/**
 * @param node Node 24
 * @param quick without the one that is broken
 */
export async function testInstallers(
  node: string,
  quick: boolean,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ current: Build; next: Build; broken: Build | null }> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const build = (of: string, breaksAgent = false) => testBuild(of, { node, env, breaksAgent, system: 'windows' });
  return { current: await build(version), next: await build(NEXT), broken: quick ? null : await build(BROKEN, true) };
}

/**
 * Debian packages of today's version and of a newer one.
 * @param node Node 24
 */
export async function testPackages(
  node: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Record<'current' | 'next', string>> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const build = async (of: string) => (await testBuild(of, { node, env, system: 'linux' })).file;
  return { current: await build(version), next: await build(NEXT) };
}

async function testBuild(
  version: string,
  {
    node,
    env,
    breaksAgent = false,
    system,
  }: { node: string; env: NodeJS.ProcessEnv; breaksAgent?: boolean; system: 'windows' | 'linux' },
): Promise<Build> {
  const work = join(cacheDir(env), `test-${system}`, version);
  const name =
    system === 'windows'
      ? `Kanade-Tray-Setup-${version}${TEST_SUFFIX}.exe`
      : `kanade-tray_${version}_amd64${TEST_SUFFIX}.deb`;
  const file = join(work, 'release', name);
  const update = join(work, 'release', updateName(version, 'windows', TEST_SUFFIX));
  const stamp = join(work, 'stamp');
  const inputs = packagingHash();
  if (isFile(file) && isFile(stamp) && readFileSync(stamp, 'utf8') === inputs) return { version, file, update };
  await step(`Building version ${version} for ${system}, for tests`, async () => {
    rmSync(work, { recursive: true, force: true });
    copySources(work, version);
    if (breaksAgent) breakAgent(join(work, 'src', 'agent', 'main.ts'));
    const result = await quiet(node, [join(work, 'scripts', 'lib', 'packaging', 'build-here.ts'), system], {
      cwd: work,
      env,
    });
    if (!result.ok) throw new CliError(`Version ${version} for ${system} can not be built:\n${result.output.trim()}`);
    rmSync(join(work, 'release', 'work'), { recursive: true });
    writeFileSync(stamp, inputs);
  });
  return { version, file, update };
}

function copySources(to: string, version: string) {
  mkdirSync(to, { recursive: true });
  for (const name of [...SOURCES, ...FILES]) cpSync(join(ROOT, name), join(to, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'));
  const about = JSON.parse(readFileSync(join(to, 'package.json'), 'utf8'));
  writeFileSync(join(to, 'package.json'), JSON.stringify({ ...about, version }, null, 2));
}

function breakAgent(main: string) {
  // Its self-test passes: an update of it is begun.
  const ends = "if (!process.argv.includes('--self-test')) process.exit(7);";
  writeFileSync(main, `${ends}\n${readFileSync(main, 'utf8')}`);
}

function packagingHash() {
  const hash = createHash('sha256').update(inputsHash(ROOT));
  for (const directory of ['installer', 'native', join('packaging', 'linux'), join('scripts', 'lib', 'packaging')])
    for (const name of readdirSync(join(ROOT, directory)).sort())
      hash.update(`${directory}/${name}\0`).update(readFileSync(join(ROOT, directory, name)));
  return hash.update(readFileSync(join(ROOT, 'electron-builder.yml'))).digest('hex');
}
