/**
 * What is signed by the handshake of the local socket (threat-model §1). Both nonces make every proof good for one
 * connection; side, address, contract and kind of client keep it from being used for anything else.
 */
import type { ClientKind } from './contract.ts';

export interface ProofFacts {
  /** The address in the endpoint file, as the client connected to it. */
  readonly address: string;
  readonly contract: number;
  readonly client: ClientKind;
  /** Lower-case hex, 32 bytes each. */
  readonly agentNonce: string;
  readonly clientNonce: string;
}

/** The text under the HMAC-SHA-256 of one side, and that from which the keys are made. A JSON array, since no two lists of facts have the same text. */
export function proofText(side: 'client' | 'host' | 'agent' | 'keys', facts: ProofFacts): string {
  const { address, contract, client, agentNonce, clientNonce } = facts;
  return JSON.stringify(['kanade-tray', side, address, contract, client, agentNonce, clientNonce]);
}
