/**
 * A release from the bucket to a version that lies ready beside ours: fetched, checked, unpacked, and asked whether it could work
 * here. Invariants: nothing of a package is opened before its bytes are those that were signed; nothing of it is run before that;
 * and whatever fails, the version that counts is not touched.
 */
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText, type Logger } from '../../base/logger.ts';
import { removeLargeQuietly } from '../../base/remove-quietly.ts';
import { COMPILED_DIRECTORY } from '../../platform/compile-cache.ts';
import { runProgram } from '../../platform/run-program.ts';
import { makeDirectory as makePrivateDirectory, PRIVATE_TREE } from '../../platform/windows/access.ts';
import { makeDirectory } from '../../shared/make-directory.ts';
import type { UndoneReason } from '../../shared/update-reasons.ts';
import type { Bus } from '../bus/bus.ts';
import { LATEST_VERSION } from '../store/migrations.ts';
import { RESERVE_BYTES } from '../store/reserve.ts';
import type { Store } from '../store/store.ts';
import { download, dropDownload } from '../update/download.ts';
import { type Installation, mainIn, programIn } from '../update/installation.ts';
import { RELEASES } from '../update/release-names.ts';
import { readSelfTest } from '../update/self-test.ts';
import type { Offer } from './release-lookup.ts';

/** Beyond what the store holds back and asks for before it admits anything: an update must never keep a command out. */
const KEPT_FREE_BYTES = 4 * RESERVE_BYTES;
const SELF_TEST_MS = 120_000;
/** Variables that speak for this process: another one must not do so. */
const OF_THIS_PROCESS = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'INVOCATION_ID'];

export interface PrepareOptions {
  readonly offer: Offer;
  readonly installation: Installation;
  /** Ours alone, on the disk of the store; for what is half there. */
  readonly staging: string;
  readonly bus: Pick<Bus, 'objectPiece'>;
  readonly store: Pick<Store, 'copyTo' | 'sizeBytes'>;
  /** With which the new version would be started: it is to read the same settings. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (doneBytes: number) => void;
  readonly onFetched: () => void;
  /** Does it, and knows that it is being done: the one thing here that may ask more of a machine than it can give. */
  readonly countCopy: (copy: () => Promise<void>) => Promise<void>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export type LaterWhy = 'link' | 'room' | 'package' | 'disk' | 'self_test';

export type Prepared =
  | { readonly kind: 'ready' }
  /** It may well succeed another time. `moved`: it came further than before. */
  | { readonly kind: 'later'; readonly why: LaterWhy; readonly detail: string; readonly moved: boolean }
  /** Never, of this release. */
  | { readonly kind: 'unfit'; readonly why: UndoneReason; readonly detail: string };

/** Rejects with the signal's reason. */
export async function prepareUpdate(options: PrepareOptions): Promise<Prepared> {
  const { installation, staging, signal } = options;
  try {
    makeDirectory(staging, 0o700);
    await dropOthers(staging, options.offer);
    const fetched = await fetchPackage(options);
    if (fetched.kind !== 'done') return fetched.later;
    options.onFetched();
    const prepared = (await unpackPackage(options, fetched.file)) ?? (await testAndPlace(options));
    // Its bytes are the signed ones, so another try would find the same.
    if (prepared.kind === 'unfit') await dropDownload(staging, options.offer.release.sha256);
    return prepared;
  } catch (error) {
    signal.throwIfAborted();
    return later('disk', errorText(error));
  } finally {
    await removeLargeQuietly(installation.stagedDirectory);
    await removeLargeQuietly(copyDirectory(staging));
  }
}

function later(why: LaterWhy, detail: string, moved = false): Prepared {
  return { kind: 'later', why, detail, moved };
}

type Fetched =
  | { readonly kind: 'done'; readonly file: string }
  | { readonly kind: 'not_yet'; readonly later: Prepared };

async function fetchPackage({ offer, staging, bus, onProgress, signal }: PrepareOptions): Promise<Fetched> {
  let first: number | null = null;
  let last = 0;
  const fetched = await download({
    release: offer.release,
    directory: staging,
    start: offer.start,
    piece: (place, until) => bus.objectPiece(RELEASES, place, until),
    room: () => roomOn(staging),
    onProgress: (bytes) => {
      first ??= bytes;
      last = bytes;
      onProgress(bytes);
    },
    signal,
  });
  const moved = last > (first ?? 0);
  switch (fetched.kind) {
    case 'done':
      return fetched;
    case 'broken_off':
      return { kind: 'not_yet', later: later('link', fetched.why, moved) };
    case 'no_room':
      return { kind: 'not_yet', later: later('room', 'for the package', moved) };
    case 'not_signed':
      return { kind: 'not_yet', later: later('package', 'it is not what was signed') };
  }
}

/** null: it is unpacked. */
async function unpackPackage({ offer, installation, signal }: PrepareOptions, file: string) {
  const { release } = offer;
  await removeLargeQuietly(installation.stagedDirectory);
  if (roomOn(installation.versionsDirectory) < release.unpacked_size) return later('room', 'to unpack it');
  // Not before it is needed: it is code for which most starts have no use.
  const { unpack } = await import('../update/unpack.ts');
  const { stagedDirectory } = installation;
  const to = installation.packageIn(stagedDirectory);
  // Until it is in its place nobody else can hold anything of it.
  if (to !== stagedDirectory) makePrivateDirectory(stagedDirectory, PRIVATE_TREE);
  const unpacked = await unpack({ file, to, unpackedBytes: release.unpacked_size, signal });
  const tree = installation.treeIn(stagedDirectory);
  const isWhole = unpacked.ok && [programIn(tree), mainIn(tree)].every((path) => existsSync(path));
  if (isWhole) return null;
  return unfit('package', unpacked.ok ? 'it holds no agent' : unpacked.why);
}

function unfit(why: UndoneReason, detail: string): Prepared {
  return { kind: 'unfit', why, detail };
}

async function testAndPlace(options: PrepareOptions): Promise<Prepared> {
  const { offer, installation, staging, store, args, log, signal } = options;
  const { version } = offer.release;
  const copy = copyDirectory(staging);
  await removeLargeQuietly(copy);
  makeDirectory(copy, 0o700);
  if (roomOn(staging) < store.sizeBytes) return later('room', 'for a copy of the store');
  await options.countCopy(() => store.copyTo(join(copy, 'store.db'), signal));
  const tree = installation.treeIn(installation.stagedDirectory);
  const env = Object.fromEntries(Object.entries(options.env).filter(([name]) => !OF_THIS_PROCESS.includes(name)));
  const end = await runProgram(programIn(tree), [mainIn(tree), '--self-test', copy, ...args], {
    env,
    cwd: process.cwd(),
    limitMs: SELF_TEST_MS,
    signal,
  });
  const report = end.code === 0 ? readSelfTest(end.stdout) : null;
  // Also for want of memory, or of time on a slow machine.
  if (report === null) return later('self_test', `exit ${end.code ?? 'none'}: ${end.stderr.trim().slice(0, 500)}`);
  if (report.version !== version) return unfit('package', `it calls itself ${report.version}`);
  // Whoever comes back must find a store that it can read.
  if (report.min_reader > LATEST_VERSION) return unfit('store', `its store can be read from ${report.min_reader} on`);
  // What Node has kept of its code (`src/agent/main.ts`) is good for this path only.
  await removeLargeQuietly(join(tree, 'agent', COMPILED_DIRECTORY));
  const place = installation.readyDirectory(version);
  // An older one of that name that does not count.
  await rm(place, { recursive: true, force: true });
  signal.throwIfAborted();
  renameSync(installation.stagedDirectory, place);
  // What says which version counts lies in another directory, and must not be on the disk before this.
  syncDirectory(installation.versionsDirectory);
  log.info('a version lies ready', { version, schema: report.schema });
  return { kind: 'ready' };
}

function copyDirectory(staging: string): string {
  return join(staging, 'store-copy');
}

function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  fsyncSync(directory);
  closeSync(directory);
}

/** What is half there of another package is of no use any more. */
async function dropOthers(staging: string, { release }: Offer): Promise<void> {
  const others = readdirSync(staging).filter((name) => !name.startsWith(release.sha256));
  for (const name of others) await removeLargeQuietly(join(staging, name));
}

/** Bytes that may be written there without taking what others need. */
function roomOn(directory: string): number {
  const there = existsSync(directory) ? directory : dirname(directory);
  const { bavail, bsize } = statfsSync(there);
  return bavail * bsize - KEPT_FREE_BYTES;
}
