/** Makes what is signed, in the form that the agent reads (`src/agent/update`). */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Canonical, canonicalJson } from '../../src/agent/update/canonical.ts';
import { keyIdOf, PAYLOAD_TYPES, type PayloadType, type Role, signedBytes } from '../../src/agent/update/envelope.ts';
import type { KeyList } from '../../src/agent/update/keys.ts';
import type { Release } from '../../src/agent/update/manifest.ts';
import { signedTimeText } from '../../src/agent/update/signed-time.ts';

/** A key with its private half. */
export interface SigningKey {
  readonly id: string;
  readonly raw: Buffer;
  readonly secret: KeyObject;
}

export function makeKey(): SigningKey {
  return signingKey(generateKeyPairSync('ed25519').privateKey);
}

/** @throws where it is no Ed25519 key in PEM */
export function keyFromPem(pem: string): SigningKey {
  return signingKey(createPrivateKey(pem));
}

export function pemOf({ secret }: SigningKey): string {
  return secret.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function signingKey(secret: KeyObject): SigningKey {
  if (secret.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key');
  const spki = createPublicKey(secret).export({ type: 'spki', format: 'der' });
  const raw = spki.subarray(-32);
  return { id: keyIdOf(raw), raw, secret };
}

/** The envelope with the signatures of `keys`. */
export function seal(payloadType: PayloadType, payload: Uint8Array, keys: readonly SigningKey[]): Buffer {
  const bytes = signedBytes(payloadType, payload);
  return envelopeOf(
    payloadType,
    payload,
    keys.map(({ id, secret }) => ({ keyid: id, sig: sign(null, bytes, secret) })),
  );
}

export function envelopeOf(
  payloadType: PayloadType,
  payload: Uint8Array,
  signatures: readonly { readonly keyid: string; readonly sig: Uint8Array }[],
): Buffer {
  const written = signatures.map(({ keyid, sig }) => ({ keyid, sig: Buffer.from(sig).toString('base64') }));
  return Buffer.from(
    canonicalJson({ payload: Buffer.from(payload).toString('base64'), payloadType, signatures: written }),
  );
}

export function keyListText(keys: KeyList): Buffer {
  return Buffer.from(
    canonicalJson({
      ...keys,
      created: signedTimeText(keys.created),
      expires: signedTimeText(keys.expires),
      recovery: roleText(keys.recovery),
      release: roleText(keys.release),
    }),
  );
}

export function releaseText(release: Release): Buffer {
  const { created, expires } = release;
  return Buffer.from(canonicalJson({ ...release, created: signedTimeText(created), expires: signedTimeText(expires) }));
}

export function sealKeys(keys: KeyList, signers: readonly SigningKey[]): Buffer {
  return seal(PAYLOAD_TYPES.keys, keyListText(keys), signers);
}

export function sealRelease(release: Release, signers: readonly SigningKey[]): Buffer {
  return seal(PAYLOAD_TYPES.release, releaseText(release), signers);
}

function roleText({ keys, threshold }: Role): Canonical {
  return { threshold, keys: keys.map(({ name, raw }) => ({ name, public: raw.toString('base64') })) };
}
