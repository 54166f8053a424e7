/** What can be found of a command's signature, enumerated once (protocol §11.4). `ok` is the only one that may run where all must be. */
export const SIGNATURE_STATES = [
  'ok',
  'absent',
  'unprovisioned',
  'unknown_key',
  'invalid',
  'stale',
  'clock_ahead',
  'expired',
  'misaddressed',
  'envelope_rejected',
] as const;
export type SignatureState = (typeof SIGNATURE_STATES)[number];
export type RefusedSignature = Exclude<SignatureState, 'ok'>;

export const SIGNATURE_MODES = ['off', 'report', 'require'] as const;
export type SignatureMode = (typeof SIGNATURE_MODES)[number];
