/** The original fleet software, for the interoperability tests. Invariant: fixed versions, each built from its own lockfile. */
import { join } from 'node:path';
import { withLock } from '../bootstrap/lock.mjs';
import { cacheDir, executable, isFile } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { CliError, step } from '../bootstrap/say.mjs';

export interface OriginalRelease {
  readonly version: string;
  readonly crates: readonly string[];
}

/** What this agent is a drop-in for. */
export const SEED: OriginalRelease = { version: '0.29.0', crates: ['kanade-agent', 'kanade', 'kanade-backend'] };
/** The newest one whose wire is spoken too. Half an hour to build, so nothing waits for it: its tests are left out by name without it. */
export const NEWER: OriginalRelease = { version: '0.101.0', crates: ['kanade', 'kanade-backend'] };
/** `1` has {@link NEWER} built too, and its tests run. */
export const WITH_NEWER = 'KANADE_TRAY_INTEROP_NEWER';

function rootOf(env: NodeJS.ProcessEnv, { version }: OriginalRelease) {
  return join(cacheDir(env), `kanade-${version}`);
}

/** @returns the directory of the programs, when all of them are there */
export function findInteropTools(
  env: NodeJS.ProcessEnv = process.env,
  release: OriginalRelease = SEED,
): string | undefined {
  const directory = join(rootOf(env, release), 'bin');
  return release.crates.every((name) => isFile(join(directory, executable(name)))) ? directory : undefined;
}

/**
 * The programs of {@link SEED}, built with cargo when they are not there yet.
 * @returns their directory
 * @throws {@link CliError} when cargo is missing or cannot build them
 */
export async function ensureInteropTools(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  if (env[WITH_NEWER] === '1') await ensureRelease(env, NEWER);
  return ensureRelease(env, SEED);
}

async function ensureRelease(env: NodeJS.ProcessEnv, release: OriginalRelease): Promise<string> {
  const found = findInteropTools(env, release);
  if (found) return found;
  const lock = { directory: join(cacheDir(env), 'locks') };
  return withLock(`kanade-${release.version}`, async () => findInteropTools(env, release) ?? build(env, release), lock);
}

async function build(env: NodeJS.ProcessEnv, release: OriginalRelease) {
  const { version } = release;
  const root = rootOf(env, release);
  const there = await quiet('cargo', ['--version'], { env });
  if (!there.ok) {
    throw new CliError(
      `The interoperability tests build kanade ${version} with cargo, which is not here: install Rust (https://rustup.rs), then start this again.`,
    );
  }
  const crates = release.crates.map((name) => `${name}@${version}`);
  const result = await step(`Building kanade ${version} with cargo (once, some minutes)`, () =>
    quiet('cargo', ['install', '--locked', '--root', root, ...crates], { env }),
  );
  const built = result.ok ? findInteropTools(env, release) : undefined;
  if (built) return built;
  const said = result.output.trim().split('\n').slice(-8).join('\n');
  throw new CliError(
    `cargo could not build kanade ${version}. It said:\n${said}\nA newer Rust may help ("rustup update"); then start this again.`,
  );
}
