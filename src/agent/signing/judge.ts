/**
 * What is to be made of a message's signature (protocol §11.4): a pure function of (bytes, headers, ring, this PC, now). The signature
 * is checked over the bytes as they came; only then does anything of them count. Invariant: what is not `ok` names why, so that a
 * PC that only reports says exactly what one that requires would have refused.
 */
import type { RefusedSignature } from '../../shared/signatures.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import { type DecodedCommand, decodeParsed, type Unreadable, unknownEnvelope } from '../wire/command.ts';
import { readEnvelope } from '../wire/envelope.ts';
import { parseJson } from '../wire/json.ts';
import type { CommandKey, KeyRing } from './key-ring.ts';
import { readSignature, type Signature, type SignatureHeaders } from './signature.ts';

/** As long as the stream keeps commands: whatever the signer said, an envelope is not to be replayed for longer. */
const MAX_VALIDITY_MS = 7n * 24n * 3_600_000n;
/**
 * As long as the store remembers each command, and a day longer than the stream keeps one: who may ask the broker can have what was once
 * sent said again, at any time (threat-model §2).
 */
const MAX_PLAIN_AGE_MS = 8n * 24n * 3_600_000n;
/** So far the signer's clock may be ahead of ours. */
const MAX_AHEAD_MS = 3_600_000n;

export interface Judging {
  readonly ring: KeyRing;
  readonly pcId: string;
  /** The wall clock of this PC. A broker may be asked for nothing here: it may be who has forged the message. */
  readonly nowNs: bigint;
}

export type Finding =
  | { readonly state: 'ok'; readonly key: CommandKey }
  /** `kid`: whom it says it is from. `why` is for the log. */
  | { readonly state: RefusedSignature; readonly kid: string | null; readonly why: string };

export type Judgement =
  /** `finding` null: nobody asked for it. */
  | { readonly form: 'plain'; readonly finding: Finding | null; readonly decoded: DecodedCommand }
  /** Always checked: there never was a time in which they came unsigned. `decoded` is the command inside, where it may run. */
  | { readonly form: 'envelope'; readonly finding: Finding; readonly decoded: DecodedCommand }
  /** One that nobody here knows; it says nothing about signatures. */
  | { readonly form: 'unknown'; readonly found: Unreadable };

/** `plainToo` false: commands without an envelope are not checked. */
export function judge(body: Uint8Array, headers: SignatureHeaders, plainToo: boolean, by: Judging): Judgement {
  const signed = plainToo ? readSignature(by.ring, body, headers) : null;
  const parsed = parseJson(body);
  const reading = readEnvelope(parsed, by.pcId);
  if (reading.form === 'plain') {
    return { form: 'plain', finding: signed && ofPlain(signed, by), decoded: decodeParsed(parsed) };
  }
  if (reading.form === 'unknown') return { form: 'unknown', found: unknownEnvelope(parsed, reading.why) };
  const signature = signed ?? readSignature(by.ring, body, headers);
  // Nothing that is in it counts before its signature holds.
  if (signature.kind !== 'genuine') {
    return { form: 'envelope', finding: ofBad(signature, by.ring), decoded: decodeParsed(parsed) };
  }
  const { kid } = signature.key;
  const refused = (state: RefusedSignature, why: string): Judgement => {
    return { form: 'envelope', finding: { state, kid, why }, decoded: decodeParsed(parsed) };
  };
  if (reading.form === 'misaddressed') return refused('misaddressed', reading.why);
  if (reading.form === 'rejected') return refused('envelope_rejected', reading.why);
  const { command, expiresAtNs } = reading;
  const untimely = ofTimes(signature, expiresAtNs, command.deadlineAtNs ?? expiresAtNs, by.nowNs);
  if (untimely !== null) return refused(untimely.state, untimely.why);
  return { form: 'envelope', finding: { state: 'ok', key: signature.key }, decoded: { ok: true, command } };
}

function ofPlain(signature: Signature, { ring, nowNs }: Judging): Finding {
  if (signature.kind !== 'genuine') return ofBad(signature, ring);
  const { key, atMs } = signature;
  const ageMs = msOf(nowNs) - atMs;
  // A signature of the future is no fresh one: it would outlive its bound.
  const goodForMs = key.maxAgeMs ?? MAX_PLAIN_AGE_MS;
  const isStale = ageMs > goodForMs || (key.maxAgeMs !== null && ageMs < -key.maxAgeMs);
  if (!isStale) return { state: 'ok', key };
  return {
    state: 'stale',
    kid: key.kid,
    why: `it was signed ${ageMs} ms ago, and is good for ${goodForMs} ms`,
  };
}

function ofBad(signature: Exclude<Signature, { kind: 'genuine' }>, ring: KeyRing): Finding {
  switch (signature.kind) {
    case 'absent':
      return { state: 'absent', kid: null, why: 'it is not signed' };
    case 'unknown_key': {
      const state = ring.size === 0 ? 'unprovisioned' : 'unknown_key';
      return { state, kid: signature.kid, why: 'it is signed by a key that is not here' };
    }
    case 'invalid':
      return { state: 'invalid', kid: null, why: signature.why };
  }
}

function ofTimes(
  { key, atMs }: Extract<Signature, { kind: 'genuine' }>,
  expiresAtNs: bigint,
  deadlineAtNs: bigint,
  nowNs: bigint,
): { readonly state: RefusedSignature; readonly why: string } | null {
  const [nowMs, expiresMs] = [msOf(nowNs), msOf(expiresAtNs)];
  if (atMs - nowMs > MAX_AHEAD_MS) {
    return { state: 'clock_ahead', why: `it was signed ${atMs - nowMs} ms after now by the clock of this PC` };
  }
  if (expiresMs < atMs) return { state: 'envelope_rejected', why: 'it expires before it was signed' };
  if (expiresMs - atMs > MAX_VALIDITY_MS) return { state: 'envelope_rejected', why: 'it is good for more than 7 days' };
  // Exactly at the deadline still runs.
  if (nowNs > deadlineAtNs) return { state: 'expired', why: 'its last moment to start has passed' };
  if (key.maxAgeMs !== null && nowMs - atMs > key.maxAgeMs) {
    return {
      state: 'expired',
      why: `it was signed ${nowMs - atMs} ms ago, and its key is good for ${key.maxAgeMs} ms`,
    };
  }
  return null;
}

/** Rounded down, also before 1970. */
function msOf(ns: bigint): bigint {
  const ms = ns / NS_PER_MS;
  return ms * NS_PER_MS > ns ? ms - 1n : ms;
}
