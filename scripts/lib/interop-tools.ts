/** The original fleet software, for the interoperability tests. Invariant: one fixed version, built from its own lockfile. */
import { join } from 'node:path';
import { withLock } from '../bootstrap/lock.mjs';
import { cacheDir, executable, isFile } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { Fault, step } from '../bootstrap/say.mjs';

const VERSION = '0.29.0';
const CRATES = ['kanade-agent', 'kanade', 'kanade-backend'];

function binDir(env: NodeJS.ProcessEnv) {
  return join(cacheDir(env), `kanade-${VERSION}`, 'bin');
}

/** @returns the directory of the three programs, when all of them are there */
export function findInteropTools(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const directory = binDir(env);
  return CRATES.every((name) => isFile(join(directory, executable(name)))) ? directory : undefined;
}

/**
 * The programs `kanade-agent`, `kanade` and `kanade-backend`, built with cargo when they are not there yet.
 * @returns their directory
 * @throws {@link Fault} when cargo is missing or cannot build them
 */
export async function ensureInteropTools(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const found = findInteropTools(env);
  if (found) return found;
  const lock = { directory: join(cacheDir(env), 'locks') };
  return withLock(`kanade-${VERSION}`, async () => findInteropTools(env) ?? build(env), lock);
}

async function build(env: NodeJS.ProcessEnv) {
  const root = join(cacheDir(env), `kanade-${VERSION}`);
  const there = await quiet('cargo', ['--version'], { env });
  if (!there.ok) {
    throw new Fault(
      'The interoperability tests build kanade 0.29.0 with cargo, which is not here: install Rust (https://rustup.rs), then start this again.',
    );
  }
  const crates = CRATES.map((name) => `${name}@${VERSION}`);
  const result = await step(`Building kanade ${VERSION} with cargo (once, some minutes)`, () =>
    quiet('cargo', ['install', '--locked', '--root', root, ...crates], { env }),
  );
  const built = result.ok ? findInteropTools(env) : undefined;
  if (built) return built;
  const said = result.output.trim().split('\n').slice(-8).join('\n');
  throw new Fault(
    `cargo could not build kanade ${VERSION}. It said:\n${said}\nA newer Rust may help ("rustup update"); then start this again.`,
  );
}
