/**
 * Who may sign releases: the key list, version by version, as the root of TUF. Invariants: each version is signed by the
 * recovery keys of the one before and by its own; none is skipped and none goes back; a PC begins with the one that its
 * administrator has pinned. So a release key is exchanged or withdrawn without touching a PC, and never by the broker.
 */
import { z } from 'zod';
import { parseCanonical } from './canonical.ts';
import {
  keyIdOf,
  openEnvelope,
  PAYLOAD_TYPES,
  type PublicKey,
  publicKeySchema,
  type Role,
  signersOf,
} from './envelope.ts';
import { signedTime } from './signed-time.ts';

/** What people read of a key; no character of it is anything but text. */
export const KEY_NAME = /^[\p{L}\p{N}][\p{L}\p{N} .@_-]{0,59}$/u;
const MAX_KEYS = 16;

const roleSchema = z
  .strictObject({
    keys: z
      .array(z.strictObject({ name: z.string().regex(KEY_NAME), public: publicKeySchema }))
      .min(1)
      .max(MAX_KEYS),
    threshold: z.int().min(1),
  })
  .refine(({ keys, threshold }) => threshold <= keys.length, { message: 'more signatures than keys' })
  .transform(
    ({ keys, threshold }): Role => ({
      threshold,
      keys: keys.map((key): PublicKey => ({ id: keyIdOf(key.public), raw: key.public, name: key.name })),
    }),
  );

const keyListSchema = z
  .strictObject({
    created: signedTime,
    expires: signedTime,
    /** Releases below this number are refused, whoever signed them. */
    floor: z.int().min(0),
    format: z.literal(1),
    recovery: roleSchema,
    release: roleSchema,
    /** The same over all versions: which fleet's list it is. */
    trust: z.string().regex(/^[0-9a-f]{32}$/),
    version: z.int().min(1),
  })
  .refine(({ recovery, release }) => allDifferent([...recovery.keys, ...release.keys]), {
    message: 'a key stands there twice',
  });

export type KeyList = z.infer<typeof keyListSchema>;

/** In a bucket: one object for each version. */
export function keyListObject(version: number): string {
  return `kanade-tray-keys.${version}`;
}

/** The list that an administrator has put here. null: it is none, or its own recovery keys have not signed it. */
export function pinnedKeys(body: Uint8Array): KeyList | null {
  return signedList(body, []);
}

/** The version after `current`. null: `body` is not that, whatever it is. Whether it has expired is for its use to say. */
export function nextKeys(current: KeyList, body: Uint8Array): KeyList | null {
  const next = signedList(body, [current.recovery]);
  return next?.trust === current.trust && next.version === current.version + 1 ? next : null;
}

/** The newer of the pinned list and of the one that this PC has taken after it. */
export function readKept(pinned: KeyList, kept: Uint8Array | null): KeyList {
  const read = kept === null ? null : pinnedKeys(kept);
  return read?.trust === pinned.trust && read.version > pinned.version ? read : pinned;
}

/** What names the release keys as a whole. */
export function releaseKeySet(keys: KeyList): string {
  return keyIdOf(
    Buffer.from(
      keys.release.keys
        .map(({ id }) => id)
        .sort()
        .join(),
    ),
  );
}

function signedList(body: Uint8Array, before: readonly Role[]): KeyList | null {
  const envelope = openEnvelope(body, PAYLOAD_TYPES.keys);
  if (envelope === null || before.some((role) => signersOf(envelope, role) === null)) return null;
  const read = keyListSchema.safeParse(parseCanonical(envelope.payload));
  if (!read.success || signersOf(envelope, read.data.recovery) === null) return null;
  return read.data;
}

function allDifferent(keys: readonly PublicKey[]): boolean {
  return new Set(keys.map(({ id }) => id)).size === keys.length;
}
