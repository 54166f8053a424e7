/**
 * A Debian in a directory, set up once and kept in the cache, for what this machine is not: wine, another release. It needs root,
 * and mounts of its own. Invariant: what is found there is whole; a set-up that was interrupted begins again.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../bootstrap/lock.mjs';
import { cacheDir, isFile, onPath } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { CliError, step } from '../bootstrap/say.mjs';
import { installWithApt } from './apt.ts';

/** Written last. */
const READY = 'kanade-tray-ready';

interface Wanted {
  /** In the cache */
  readonly name: string;
  /** Of Debian */
  readonly release: string;
  readonly packages: readonly string[];
  /** What else is done inside, once */
  readonly script?: string;
  /** What the reader sees meanwhile */
  readonly says: string;
}

/**
 * @returns the directory to chroot into
 * @throws {@link CliError} where there can't be one
 */
export async function ensureChroot(wanted: Wanted, env: NodeJS.ProcessEnv): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new CliError('This is no 64-bit Linux.');
  if (process.getuid?.() !== 0) throw new CliError('A Debian in a directory needs root (chroot).');
  if (!(await mayMount(env))) throw new CliError('Mounts are not allowed here.');
  const root = join(cacheDir(env), wanted.name);
  if (isFile(join(root, READY))) return root;
  await withLock(wanted.name, async () => {
    if (!isFile(join(root, READY))) await setUp(root, wanted, env);
  });
  return root;
}

/** As a container may not. */
async function mayMount(env: NodeJS.ProcessEnv) {
  return (await quiet('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { env })).ok;
}

async function setUp(root: string, { name, release, packages, script, says }: Wanted, env: NodeJS.ProcessEnv) {
  if (!onPath('debootstrap', env)) await installWithApt('Installing debootstrap (once)', ['debootstrap'], env);
  if (!onPath('debootstrap', env)) throw new CliError(`Install debootstrap: ${name} is set up with it.`);
  const work = `${root}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const run = async (command: string, args: string[]) => {
    const result = await quiet(command, args, { env });
    if (!result.ok)
      throw new CliError(`${name} can not be set up (${command}):\n${result.output.trim().slice(-2_000)}`);
  };
  const inside = (what: string) => run('unshare', ['--mount', 'sh', '-c', insideScript(work, what)]);
  await step(says, async () => {
    await run('debootstrap', ['--variant=minbase', release, work]);
    const install = 'DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends';
    await inside(`apt-get update -q && ${install} ${packages.join(' ')}`);
    if (script !== undefined) await inside(script);
    writeFileSync(join(work, READY), '');
    renameSync(work, root);
  });
}

/**
 * A shell script that runs `script` in `root`; the mounts go with the processes that it starts. To be run by `unshare --mount`.
 * @param mounts directories of ours by their paths inside
 */
export function insideScript(root: string, script: string, mounts: Readonly<Record<string, string>> = {}) {
  const bind = Object.entries({ '/proc': '/proc', ...mounts }).map(
    ([inside, outside]) =>
      `mkdir -p ${quoted(root + inside)} && mount --rbind ${quoted(outside)} ${quoted(root + inside)}`,
  );
  return [...bind, `exec chroot ${quoted(root)} sh -c ${quoted(script)}`].join(' && ');
}

function quoted(text: string) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
