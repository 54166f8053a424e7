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
/** From the start of the unit to our end: unpacking, and what other packages want. So long commands are held, and no longer. */
const STOPS_US_MS = 15 * 60_000;
const POLL_EVERY_MS = 3_000;
const ASK_MS = 30_000;
/** What `systemctl is-active` says of a unit that does nothing any more; where it says nothing, nobody knows. */
const ENDED = ['inactive', 'failed', 'unknown'];
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

/** For tests. */
export interface AptPrograms {
  readonly path?: string;
  readonly pollEveryMs?: number;
}

/** Resolves to why it has not come to a switch; rejects with the signal's reason. */
export async function updateByApt(offer: Offer, signal: AbortSignal, programs: AptPrograms = {}): Promise<string> {
  const { path, pollEveryMs = POLL_EVERY_MS } = programs;
  const unit = ['systemd-run', '--quiet', '--collect', `--unit=${UNIT}`, '--setenv=DEBIAN_FRONTEND=noninteractive'];
  const started = await run([...unit, ...installing(offer)], START_MS, signal, path);
  if (started.code !== 0) return said(started);
  const untilMs = performance.now() + STOPS_US_MS;
  let isOver = false;
  do {
    // Once more after its end: it may have asked for ours.
    await sleep(pollEveryMs, signal);
    if (isOver) return `apt has not brought it; the journal of ${UNIT}.service says why`;
    const { stdout } = await run(['systemctl', 'is-active', UNIT], ASK_MS, signal, path);
    isOver = ENDED.includes(stdout.trim());
  } while (isOver || performance.now() < untilMs);
  return `apt is still at it; the journal of ${UNIT}.service says with what`;
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

function run(
  [program = '', ...args]: readonly string[],
  limitMs: number,
  signal: AbortSignal,
  path = '/usr/sbin:/usr/bin:/sbin:/bin',
): Promise<ProgramEnd> {
  const env = { PATH: path, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
  return runProgram(program, args, { env, cwd: '/', limitMs, signal });
}

/** A repository that has it not yet, or is away. */
function later(end: ProgramEnd): Prepared {
  return { kind: 'later', why: 'package', detail: said(end), moved: false };
}

function said({ code, stdout, stderr }: ProgramEnd): string {
  return `exit ${code ?? 'none'}: ${`${stdout}${stderr}`.trim().slice(-KEPT_CHARS)}`;
}
