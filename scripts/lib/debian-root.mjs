/**
 * A Debian to try packages on: a directory with what the package depends on, to be used through an overlay, so that each test
 * finds it as it was made. Needs root. Invariant: what is found there is whole.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installWithApt } from './apt.mjs';
import { withLock } from './lock.mjs';
import { cacheDir, isFile, onPath } from './paths.mjs';
import { quiet } from './processes.mjs';
import { Fault, step } from './say.mjs';
import { insideScript, mayMount } from './wine.mjs';

const READY = 'kanade-tray-ready';
/** A desktop for the application's window, and what looks at it. */
const DESKTOP = 'xvfb xauth x11-utils imagemagick dbus dbus-x11';
const NEEDED = {
  bookworm: 'libgtk-3-0 libasound2 libatspi2.0-0',
  trixie: 'libgtk-3-0t64 libasound2t64 libatspi2.0-0t64',
};
const COMMON = 'libnss3 libnotify4 libgbm1 libdrm2 libxtst6 libuuid1 xdg-utils ca-certificates systemd';

/** @typedef {keyof typeof NEEDED} Release */

/**
 * @param {Release} release
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ kind: 'root', root: string } | { kind: 'none', why: string }>}
 */
export async function ensureDebianRoot(release, env = process.env) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { kind: 'none', why: 'the package is for 64-bit Linux' };
  if (process.getuid?.() !== 0) return { kind: 'none', why: 'a Debian in a directory needs root (chroot)' };
  if (!(await mayMount(env))) return { kind: 'none', why: 'mounts are not allowed here' };
  const name = `debian-${release}`;
  const root = join(cacheDir(env), name);
  if (isFile(join(root, READY))) return { kind: 'root', root };
  await withLock(name, async () => {
    if (!isFile(join(root, READY))) await setUp(root, release, env);
  });
  return { kind: 'root', root };
}

/**
 * @param {string} root
 * @param {Release} release
 * @param {NodeJS.ProcessEnv} env
 */
async function setUp(root, release, env) {
  if (!onPath('debootstrap', env)) await installWithApt('Installing debootstrap (once)', ['debootstrap'], env);
  if (!onPath('debootstrap', env)) throw new Fault('Install debootstrap: the Debian for tests is set up with it.');
  const work = `${root}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const run = async (/** @type {string} */ command, /** @type {string[]} */ args) => {
    const result = await quiet(command, args, { env });
    if (!result.ok)
      throw new Fault(`${release} can not be set up (${command}):\n${result.output.trim().slice(-2_000)}`);
  };
  await step(`Setting up a Debian ${release} for tests (once, about two minutes)`, async () => {
    await run('debootstrap', ['--variant=minbase', release, work]);
    const packages = `${NEEDED[release]} ${COMMON} ${DESKTOP}`;
    const script = `apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ${packages} && useradd -m person`;
    await run('unshare', ['--mount', 'sh', '-c', insideScript(work, script)]);
    writeFileSync(join(work, READY), '');
    renameSync(work, root);
  });
}
