/**
 * A version of the Debian package, by the package manager (`[update] by_apt`): apt fetches it ahead, and installs it from a unit of
 * its own, since that stops us. Invariant: no file of the package is touched by anybody but dpkg; what is asked for is the version that
 * IT has signed, and no other; whose bytes it is, apt's own keys say.
 */
import { errorText } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import { type ProgramEnd, runProgram } from '../../platform/run-program.ts';
import type { PrepareEvents } from './one-update.ts';
import type { Prepared } from './prepare-update.ts';
import type { Offer } from './release-lookup.ts';

const PACKAGE = 'kanade-tray';
const UNIT = 'kanade-tray-update';
/** Another dpkg may hold the lock, and a mirror may be slow. */
const LOCK_SECS = 300;
const FETCH_MS = 30 * 60_000;
const START_MS = 60_000;
/** From the start of the unit to our end: unpacking, and what other packages want. */
const STOPS_US_MS = 30 * 60_000;
const KEPT_CHARS = 500;

export async function prepareByApt(offer: Offer, on: PrepareEvents, signal: AbortSignal): Promise<Prepared> {
  try {
    const updated = await run(['apt-get', '-qq', 'update'], FETCH_MS, signal);
    if (updated.code !== 0) return later(updated);
    const fetched = await run([...installing(offer), '--download-only'], FETCH_MS, signal);
    if (fetched.code !== 0) return later(fetched);
    on.onFetched();
    return { kind: 'ready' };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'later', why: 'disk', detail: errorText(error), moved: false };
  }
}

/** Resolves to why it has not come to a switch; rejects with the signal's reason. */
export async function updateByApt(offer: Offer, signal: AbortSignal): Promise<string> {
  const unit = ['systemd-run', '--quiet', '--collect', `--unit=${UNIT}`, '--setenv=DEBIAN_FRONTEND=noninteractive'];
  const started = await run([...unit, ...installing(offer)], START_MS, signal);
  if (started.code !== 0) return said(started);
  await sleep(STOPS_US_MS, signal);
  return `apt has not brought it; the journal of ${UNIT}.service says why`;
}

function installing({ release }: Offer): string[] {
  const how = ['-qq', '-y', '--only-upgrade', '-o', `DPkg::Lock::Timeout=${LOCK_SECS}`];
  // Settings of IT's stay as they are.
  const conffiles = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'];
  const back = release.allow_downgrade ? ['--allow-downgrades'] : [];
  return ['apt-get', 'install', ...how, ...conffiles, ...back, `${PACKAGE}=${debianVersion(release.version)}`];
}

/** As the package is built (`scripts/lib/packaging/deb.ts`): a version before a release sorts before it. */
function debianVersion(version: string): string {
  return version.replace('-', '~');
}

function run([program = '', ...args]: readonly string[], limitMs: number, signal: AbortSignal): Promise<ProgramEnd> {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
  return runProgram(program, args, { env, cwd: '/', limitMs, signal });
}

/** A repository that has it not yet, or is away. */
function later(end: ProgramEnd): Prepared {
  return { kind: 'later', why: 'package', detail: said(end), moved: false };
}

function said({ code, stdout, stderr }: ProgramEnd): string {
  return `exit ${code ?? 'none'}: ${`${stdout}${stderr}`.trim().slice(-KEPT_CHARS)}`;
}
