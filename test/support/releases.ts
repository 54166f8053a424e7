/** Keys, key lists and manifests of a made-up fleet, as IT would sign them. */
import { createHash } from 'node:crypto';
import type { PublicKey } from '../../src/agent/update/envelope.ts';
import type { KeyList } from '../../src/agent/update/keys.ts';
import type { Release } from '../../src/agent/update/manifest.ts';
import { releaseObjects } from '../../src/agent/update/release-names.ts';
import { makeKey, type SigningKey, sealKeys } from '../../tools/release/documents.ts';

export const DAY_MS = 24 * 3_600_000;
export const CREATED_MS = Date.parse('2026-11-30T09:00:00Z');
export const TARGET = { platform: 'linux', arch: 'x86_64' } as const;

export interface TestTrust {
  readonly online: SigningKey;
  readonly recovery: SigningKey;
  readonly keys: KeyList;
  /** The list, signed by the recovery key. */
  readonly pin: Buffer;
}

export function publicKey({ id, raw }: SigningKey, name = 'Release'): PublicKey {
  return { id, raw, name };
}

export function testTrust(changes: Partial<KeyList> = {}): TestTrust {
  const [online, recovery] = [makeKey(), makeKey()];
  const keys: KeyList = {
    created: CREATED_MS,
    expires: CREATED_MS + 3650 * DAY_MS,
    floor: 0,
    format: 1,
    recovery: { keys: [publicKey(recovery, 'Recovery')], threshold: 1 },
    release: { keys: [publicKey(online)], threshold: 1 },
    trust: '0123456789abcdef0123456789abcdef',
    version: 1,
    ...changes,
  };
  return { online, recovery, keys, pin: sealKeys(keys, [recovery]) };
}

export function testRelease(keys: KeyList, body: Uint8Array, changes: Partial<Release> = {}): Release {
  const version = changes.version ?? '2.0.0';
  return {
    allow_downgrade: false,
    ...TARGET,
    channel: 'stable',
    created: CREATED_MS,
    expires: CREATED_MS + 90 * DAY_MS,
    format: 1,
    min_from: null,
    object: releaseObjects(version, TARGET).package,
    serial: 10,
    sha256: createHash('sha256').update(body).digest('hex'),
    size: body.length,
    trust: keys.trust,
    unpacked_size: 1_000,
    version,
    ...changes,
  };
}
