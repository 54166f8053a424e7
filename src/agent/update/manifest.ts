/**
 * The release manifest: what IT has signed about one program for one platform, and whether it is one for this PC now. Pure.
 * Invariant: nothing of a manifest is parsed before enough release keys have signed its bytes.
 */
import { z } from 'zod';
import { compareVersions, VERSION } from '../../base/compare-versions.ts';
import type { ReleaseRefusal } from '../../shared/update-reasons.ts';
import { parseCanonical } from './canonical.ts';
import { keyIdOf, openEnvelope, PAYLOAD_TYPES, signersOf } from './envelope.ts';
import { type KeyList, releaseKeySet } from './keys.ts';
import { releaseObjects, type Target } from './release-names.ts';
import { signedTime } from './signed-time.ts';

/** More than any program of ours. */
export const MAX_PACKAGE_BYTES = 1024 * 1024 * 1024;
export const PLATFORMS = ['windows', 'linux'] as const;
export const ARCHITECTURES = ['x86_64', 'aarch64'] as const;

const versionSchema = z.string().max(100).regex(VERSION);
const bytes = z.int().min(1).max(MAX_PACKAGE_BYTES);

export const releaseSchema = z.strictObject({
  /** A version below the one that runs may be taken. */
  allow_downgrade: z.boolean(),
  arch: z.enum(ARCHITECTURES),
  channel: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  created: signedTime,
  expires: signedTime,
  format: z.literal(1),
  /** The oldest version that can be replaced by it; null: any. */
  min_from: versionSchema.nullable(),
  object: z.string(),
  platform: z.enum(PLATFORMS),
  /** Goes up with each manifest that the fleet signs, whatever its version is. */
  serial: z.int().min(1),
  /** SHA-256 of the package, lower-case hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: bytes,
  trust: z.string(),
  unpacked_size: bytes,
  version: versionSchema,
});

export type Release = z.infer<typeof releaseSchema>;

/** The newest manifest of a channel and platform that this PC has taken for good. */
export interface SeenRelease {
  readonly serial: number;
  /** SHA-256 of its text, hex. */
  readonly digest: string;
  /** Of {@link releaseKeySet}. */
  readonly keySet: string;
}

export interface ReleaseFacts {
  readonly keys: KeyList;
  readonly seen: SeenRelease | null;
  readonly wanted: string;
  readonly target: Target;
  readonly channel: string;
  /** The version that runs. */
  readonly installed: string;
  readonly nowMs: number;
}

export type ReleaseVerdict =
  | { readonly ok: true; readonly release: Release; readonly signedBy: readonly string[]; readonly seen: SeenRelease }
  | { readonly ok: false; readonly why: ReleaseRefusal };

/** Whether `body` is the manifest of the wanted release, and this PC may take it. */
export function checkRelease(body: Uint8Array, facts: ReleaseFacts): ReleaseVerdict {
  const { keys } = facts;
  const envelope = openEnvelope(body, PAYLOAD_TYPES.release);
  if (envelope === null) return no('unreadable');
  if (keys.expires <= facts.nowMs) return no('keys_expired');
  const signers = signersOf(envelope, keys.release);
  if (signers === null) return no('signature');
  const read = releaseSchema.safeParse(parseCanonical(envelope.payload));
  if (!read.success) return no('unreadable');
  const release = read.data;
  const seen = { serial: release.serial, digest: keyIdOf(envelope.payload), keySet: releaseKeySet(keys) };
  const refusal = refusalOf(release, facts) ?? ageRefusal(seen, facts);
  if (refusal !== null) return no(refusal);
  return { ok: true, release, signedBy: signers.map(({ name }) => name), seen };
}

function no(why: ReleaseRefusal): ReleaseVerdict {
  return { ok: false, why };
}

function refusalOf(release: Release, facts: ReleaseFacts): ReleaseRefusal | null {
  const { keys, wanted, target, channel, installed, nowMs } = facts;
  if (release.trust !== keys.trust) return 'signature';
  if (release.platform !== target.platform || release.arch !== target.arch) return 'other_platform';
  if (release.version !== wanted || release.object !== releaseObjects(wanted, target).package) return 'other_release';
  if (release.channel !== channel) return 'other_channel';
  if (release.expires <= nowMs) return 'expired';
  if (compareVersions(release.version, installed) < 0 && !release.allow_downgrade) return 'downgrade';
  if (release.min_from !== null && compareVersions(installed, release.min_from) < 0) return 'too_old_here';
  return null;
}

/**
 * A thief of a release key can sign the highest of all numbers. So what was seen counts among releases of the same keys only;
 * with others the floor counts, which the recovery keys have signed (TUF: recovery from fast-forward).
 */
function ageRefusal({ serial, digest, keySet }: SeenRelease, { keys, seen }: ReleaseFacts): ReleaseRefusal | null {
  if (serial < keys.floor) return 'older';
  if (seen === null || seen.keySet !== keySet) return null;
  if (serial < seen.serial) return 'older';
  return serial === seen.serial && digest !== seen.digest ? 'conflict' : null;
}

/** Whether a package is the one that was signed, by its length and its SHA-256 in hex. */
export function isPackageOf(
  release: Pick<Release, 'size' | 'sha256'>,
  found: { readonly sizeBytes: number; readonly sha256: string },
): boolean {
  return found.sizeBytes === release.size && found.sha256 === release.sha256;
}
