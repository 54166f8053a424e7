/**
 * The compiler of the Windows installer. Invariant: never an NSIS before 3.12. Run as SYSTEM an older installer takes a directory
 * below `C:\Windows\Temp` that a user has made for it, and loads what he has put there (CVE-2025-43715, CVE-2026-42171).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { CliError } from '../../bootstrap/say.mjs';
import { ensureChroot } from '../chroot.ts';

const [MAJOR, MINOR] = [3, 12];

interface Makensis {
  readonly command: string;
  /** Before those of makensis. */
  readonly args: readonly string[];
  /** What it needs beside. */
  readonly env: NodeJS.ProcessEnv;
  /** Where its plug-ins lie. */
  readonly share: string;
}

/**
 * The one of this system, else that of a Debian in a directory.
 * @throws {@link CliError}
 */
export async function ensureMakensis(env: NodeJS.ProcessEnv): Promise<Makensis> {
  const onThisSystem = { command: 'makensis', args: [], env: {}, share: '/usr/share/nsis' };
  if (onPath('makensis', env) && whyTooOld(await versionOf(onThisSystem, env)) === null) return onThisSystem;
  const ours = inDirectory(await ensureDirectory(env));
  const why = whyTooOld(await versionOf(ours, env));
  if (why !== null) throw new CliError(`${why} Install makensis ${MAJOR}.${MINOR} or newer.`);
  return ours;
}

/** @param version as `makensis -VERSION` says it: `v3.08-3+deb12u1` */
export function whyTooOld(version: string): string | null {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return `No version of NSIS is told (${version.slice(0, 100)}).`;
  const isNewEnough = Number(major) > MAJOR || (Number(major) === MAJOR && Number(minor) >= MINOR);
  return isNewEnough ? null : `NSIS ${version} lets users run programs as SYSTEM while an installer runs.`;
}

async function versionOf({ command, args, env: own }: Makensis, env: NodeJS.ProcessEnv) {
  const { output } = await quiet(command, [...args, '-VERSION'], { env: { ...env, ...own } });
  return output.trim();
}

/**
 * Debian's signatures say that it is Debian's. A mirror may be behind, so the list may be an old one: the version is checked later.
 */
function ensureDirectory(env: NodeJS.ProcessEnv) {
  const install = 'DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends';
  const nsis = {
    name: 'nsis-3.12',
    release: 'trixie',
    packages: [],
    script: [
      'printf "Package: *\\nPin: release n=sid\\nPin-Priority: 50\\n" > /etc/apt/preferences.d/sid',
      'sed "s/ trixie / sid /" /etc/apt/sources.list > /etc/apt/sources.list.d/sid.list',
      `apt-get update -q -o Acquire::Check-Valid-Until=false && ${install} nsis/sid nsis-common/sid`,
    ].join(' && '),
    says: 'Setting up NSIS in a Debian of its own (once, about a minute)',
  };
  return ensureChroot(nsis, env);
}

/** With the libraries that it was made for, by their loader: what it reads and writes lies where it does for us. */
function inDirectory(root: string): Makensis {
  const libraries = ['lib', 'usr/lib'].map((each) => join(root, each, 'x86_64-linux-gnu'));
  const share = join(root, 'usr', 'share', 'nsis');
  const loader = [join(root, 'lib64', 'ld-linux-x86-64.so.2'), join(root, 'usr/lib64/ld-linux-x86-64.so.2')];
  return {
    command: loader.find((file) => existsSync(file)) ?? loader[0] ?? '',
    args: ['--library-path', libraries.join(':'), join(root, 'usr', 'bin', 'makensis')],
    env: { NSISDIR: share },
    share,
  };
}
