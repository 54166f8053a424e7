/**
 * What carries a signed text: DSSE, the envelope of in-toto and Sigstore, with Ed25519. The signature is over the type and the
 * bytes as they are, so nothing of the text is parsed before it holds, and a text of one type is never one of another.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { strictBase64 } from '../../base/strict-base64.ts';
import { parseCanonical } from './canonical.ts';

/** For what is signed; a program is no part of it. */
export const MAX_ENVELOPE_BYTES = 64 * 1024;
const MAX_SIGNATURES = 16;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** A raw Ed25519 key behind it is the key in SPKI (RFC 8410). */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

export const PAYLOAD_TYPES = {
  keys: 'application/vnd.kanade-tray.keys+json',
  release: 'application/vnd.kanade-tray.release+json',
} as const;
export type PayloadType = (typeof PAYLOAD_TYPES)[keyof typeof PAYLOAD_TYPES];

const base64 = z.string().transform((text, context) => {
  const bytes = strictBase64(text);
  if (bytes !== null) return bytes;
  context.addIssue({ code: 'custom', message: 'not base64' });
  return z.NEVER;
});

const sized = (bytes: number) => base64.refine((found) => found.length === bytes, { message: `not ${bytes} bytes` });

/** The raw 32 bytes of an Ed25519 key. */
export const publicKeySchema = sized(PUBLIC_KEY_BYTES);
export const keyIdSchema = z.string().regex(/^[0-9a-f]{64}$/);

const envelopeSchema = z.strictObject({
  payload: base64,
  payloadType: z.string(),
  signatures: z
    .array(z.strictObject({ keyid: keyIdSchema, sig: sized(SIGNATURE_BYTES) }))
    .min(1)
    .max(MAX_SIGNATURES)
    .refine((all) => new Set(all.map(({ keyid }) => keyid)).size === all.length, { message: 'a key signs twice' }),
});

export interface Envelope {
  readonly payload: Buffer;
  readonly payloadType: PayloadType;
  readonly signatures: readonly { readonly keyid: string; readonly sig: Buffer }[];
}

/** null: it is none of this type. */
export function openEnvelope(body: Uint8Array, payloadType: PayloadType): Envelope | null {
  if (body.length > MAX_ENVELOPE_BYTES) return null;
  const read = envelopeSchema.safeParse(parseCanonical(body));
  if (!read.success || read.data.payloadType !== payloadType) return null;
  return { ...read.data, payloadType };
}

/** The bytes that are signed: DSSE's "pre-authentication encoding". */
export function signedBytes(payloadType: PayloadType, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
}

export interface PublicKey {
  /** SHA-256 of the raw key, so an id never stands for another key. */
  readonly id: string;
  readonly raw: Buffer;
  /** As people know it. */
  readonly name: string;
}

export interface Role {
  readonly keys: readonly PublicKey[];
  /** So many different keys of it must have signed. */
  readonly threshold: number;
}

export function keyIdOf(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('hex');
}

/** The keys of `role` whose signature holds; null where they are too few. Other signatures count for nothing. */
export function signersOf(envelope: Envelope, role: Role): readonly PublicKey[] | null {
  const bytes = signedBytes(envelope.payloadType, envelope.payload);
  const signers = role.keys.filter((key) => {
    const signature = envelope.signatures.find(({ keyid }) => keyid === key.id);
    return signature !== undefined && verify(null, bytes, spkiOf(key.raw), signature.sig);
  });
  return signers.length >= role.threshold ? signers : null;
}

function spkiOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_HEAD, raw]), format: 'der', type: 'spki' });
}
