/**
 * One look-up in the bucket: what there is under the version that IT wants. Invariants: only what is signed is read, never a
 * program; and what was taken is kept before it is said, so that nothing older is ever taken.
 */
import type { UpdateReason } from '../../shared/update-reasons.ts';
import type { Bus, ObjectPlace } from '../bus/bus.ts';
import type { SeenUpdates } from '../store/seen-updates.ts';
import { MAX_ENVELOPE_BYTES } from '../update/envelope.ts';
import { newestKeys, type Pin, type ReadObject } from '../update/key-ring.ts';
import type { KeyList } from '../update/keys.ts';
import { checkRelease, isPackageOf, type Release } from '../update/manifest.ts';
import { RELEASES, releaseObjects, type Target } from '../update/release-names.ts';

/** The suffixes of the original's programs (protocol D36). */
const ORIGINALS = ['', '-linux-x86_64', '-linux-aarch64', '-macos-aarch64'];
/** Anything else names no object of ours, and is not put into a subject. */
const LABEL = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/;

export type Found =
  | { readonly state: 'wanted_not_ours' | 'refused'; readonly reason: UpdateReason; readonly release: null }
  | { readonly state: 'available'; readonly reason: null; readonly release: Offered; readonly offer: Offer };

/** What may be taken. */
export interface Offer {
  readonly release: Release;
  /** SHA-256 of what is signed, hex: two releases may have one number, of which one was withdrawn. */
  readonly manifest: string;
  /** Before the first piece of its package, as it was at the look-up. */
  readonly start: ObjectPlace;
}

export interface Offered {
  readonly signedBy: readonly string[];
  readonly sizeBytes: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export interface LookupOptions {
  readonly bus: Bus;
  readonly seen: SeenUpdates;
  readonly pin: Pin;
  readonly target: Target;
  readonly installed: string;
  /** Releases for others are none for this PC. */
  readonly channel: string;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** null: it can't be told now. Rejects where the store can't be read or written. */
export async function findRelease(wanted: string, options: LookupOptions): Promise<Found | null> {
  if (!LABEL.test(wanted)) return notOurs('nothing');
  const { bus, pin, target, seen } = options;
  const read = reader(options);
  const names = releaseObjects(wanted, target);
  const manifest = await read(names.manifest);
  if (manifest === null) return null;
  if (manifest === 'absent') {
    const originals = await bus.objectsPresent(
      RELEASES,
      ORIGINALS.map((suffix) => `${wanted}${suffix}`),
    );
    return originals === null ? null : notOurs(originals.size > 0 ? 'original' : 'nothing');
  }
  if (pin.kind === 'none') return notOurs('no_keys');
  if (pin.kind === 'unusable') return refused('keys_unusable');
  const keys = await newestKeys(pin.keys, seen, read);
  if (keys === null) return null;
  return manifest === 'unusable' ? refused('unreadable') : check(manifest, wanted, keys, options);
}

async function check(
  manifest: Uint8Array,
  wanted: string,
  keys: KeyList,
  options: LookupOptions,
): Promise<Found | null> {
  const { bus, seen, target, installed, channel, nowMs, signal } = options;
  const facts = { keys, wanted, target, installed, nowMs, channel, seen: seen.manifest(keys.trust, channel) };
  const verdict = checkRelease(manifest, facts);
  if (!verdict.ok) return refused(verdict.why);
  const { release, signedBy } = verdict;
  await seen.noteManifest(keys.trust, channel, verdict.seen);
  const stat = await bus.objectStat(RELEASES, release.object, signal);
  if (stat.kind === 'absent') return refused('package_missing');
  if (stat.kind === 'failed') return stat.mayPass ? null : refused('package');
  if (stat.sha256 === null || !isPackageOf(release, { ...stat, sha256: stat.sha256 })) return refused('package');
  const offer = { release, manifest: verdict.seen.digest, start: stat.start };
  return { state: 'available', reason: null, release: shownOf(release, signedBy), offer };
}

function shownOf({ size, created, expires }: Release, signedBy: readonly string[]): Offered {
  return { signedBy, sizeBytes: size, createdAtMs: created, expiresAtMs: expires };
}

function notOurs(reason: UpdateReason): Found {
  return { state: 'wanted_not_ours', reason, release: null };
}

function refused(reason: UpdateReason): Found {
  return { state: 'refused', reason, release: null };
}

function reader({ bus, signal }: LookupOptions): ReadObject {
  return async (name) => {
    const read = await bus.objectGet(RELEASES, name, MAX_ENVELOPE_BYTES, signal);
    switch (read.kind) {
      case 'value':
        return read.body;
      case 'absent':
        return 'absent';
      case 'failed':
        return read.mayPass ? null : 'unusable';
    }
  };
}
