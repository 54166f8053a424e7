/** Keys, rings and signatures for tests, and the verifier of an agent in memory. What OpenSSL says of them is in `signing/vectors.json`. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { RingText } from '../../src/agent/signing/key-store.ts';
import { Verifier, type VerifierOptions } from '../../src/agent/signing/verifier.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { SignatureMode, SignatureState } from '../../src/shared/signatures.ts';

export { ringEntry, signedHeaders } from '../../scripts/lib/command-signing.ts';

/** For what has nothing to do with signatures. */
export const NO_SIGNING = () => ({ mode: 'off', keys: [] }) as const;

export interface TestVerifier {
  readonly mode?: SignatureMode;
  readonly pcId?: string;
  readonly ring?: () => RingText;
  readonly ringPath?: VerifierOptions['ringPath'];
  readonly clock?: Clock;
  readonly onFinding?: (state: SignatureState, refused: boolean) => void;
}

export function verifierOf(options: TestVerifier = {}): Verifier {
  const { mode = 'off', pcId = 'PC-1', ring, ringPath, clock, onFinding } = options;
  return new Verifier({
    pcId,
    mode,
    readRing: ring ?? (() => ({ kind: 'absent' })),
    ...(ringPath === undefined ? {} : { ringPath }),
    clock: clock ?? systemClock,
    log: silentLogger,
    onFinding: onFinding ?? (() => {}),
  });
}

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key of 32 times this byte. */
export function signingKey(seed: number): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, Buffer.alloc(32, seed)]),
    format: 'der',
    type: 'pkcs8',
  });
}

/** As a message gives them. */
export function headerLookup(headers: Readonly<Record<string, string>>): (name: string) => string | null {
  return (name) => headers[name] ?? null;
}
