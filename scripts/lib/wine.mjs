/**
 * A Windows to try things on: 64-bit wine 10 in a directory with a Debian 13 of its own, which needs root once and at each use
 * (chroot). Invariant: what is found there is whole; a set-up that was interrupted begins anew.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installWithApt } from './apt.mjs';
import { withLock } from './lock.mjs';
import { cacheDir, isFile, onPath } from './paths.mjs';
import { quiet } from './processes.mjs';
import { Fault, step } from './say.mjs';

const NAME = 'wine-10-trixie';
/** Written last. */
const READY = 'kanade-tray-ready';
/** Inside: a fresh Windows, to be copied. */
export const TEMPLATE_PREFIX = '/opt/prefix';

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ kind: 'wine', root: string } | { kind: 'none', why: string }>} `root`: the directory to chroot into
 */
export async function ensureWine(env = process.env) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { kind: 'none', why: 'wine runs on 64-bit Linux here' };
  if (process.getuid?.() !== 0) return { kind: 'none', why: 'the directory with wine needs root (chroot)' };
  if (!(await mayMount(env))) return { kind: 'none', why: 'mounts are not allowed here' };
  const root = join(cacheDir(env), NAME);
  if (isFile(join(root, READY))) return { kind: 'wine', root };
  await withLock(NAME, async () => {
    if (!isFile(join(root, READY))) await setUp(root, env);
  });
  return { kind: 'wine', root };
}

/**
 * Whether this machine lets us have mounts of our own, as a container may not.
 * @param {NodeJS.ProcessEnv} env
 */
export async function mayMount(env) {
  return (await quiet('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { env })).ok;
}

/**
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
async function setUp(root, env) {
  if (!onPath('debootstrap', env)) await installWithApt('Installing debootstrap (once)', ['debootstrap'], env);
  if (!onPath('debootstrap', env)) throw new Fault('Install debootstrap: wine is set up with it.');
  const work = `${root}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const run = async (/** @type {string} */ command, /** @type {string[]} */ args) => {
    const result = await quiet(command, args, { env });
    if (!result.ok) throw new Fault(`wine can not be set up (${command}):\n${result.output.trim().slice(-2_000)}`);
  };
  await step('Setting up wine (once, about three minutes)', async () => {
    await run('debootstrap', ['--variant=minbase', 'trixie', work]);
    const inside = (/** @type {string} */ script) =>
      run('unshare', ['--mount', 'sh', '-c', insideScript(work, script)]);
    await inside(
      'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends wine wine64',
    );
    await inside(`${WINE_ENVIRONMENT} WINEPREFIX=${TEMPLATE_PREFIX} sh -c 'wineboot -i; wineserver -w'`);
    writeFileSync(join(work, READY), '');
    renameSync(work, root);
  });
}

/** No dialogs, no .NET and no HTML engine, which a fresh Windows would try to download. */
export const WINE_ENVIRONMENT = "env HOME=/root WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='";

/**
 * A shell script that runs `script` in `root`; the mounts go with the processes that it starts. To be run by `unshare --mount`.
 * @param {string} root
 * @param {string} script
 * @param {Readonly<Record<string, string>>} mounts directories of ours by their paths inside
 */
export function insideScript(root, script, mounts = {}) {
  const bind = Object.entries({ '/proc': '/proc', ...mounts }).map(
    ([inside, outside]) =>
      `mkdir -p ${quoted(root + inside)} && mount --rbind ${quoted(outside)} ${quoted(root + inside)}`,
  );
  return [...bind, `exec chroot ${quoted(root)} sh -c ${quoted(script)}`].join(' && ');
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
