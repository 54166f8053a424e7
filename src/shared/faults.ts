/** Every way in which a call can be answered with an error: named once, with the JSON-RPC number it travels under. */
export const FAULT_CODES = {
  parse_error: -32700,
  invalid_request: -32600,
  unknown_method: -32601,
  invalid_params: -32602,
  internal: -32603,
  /** A call before the handshake. */
  handshake_needed: -32001,
  /** The proof does not hold: wrong or old token. */
  proof_refused: -32002,
  /** This agent does not serve the client's contract; `data.min` and `data.max` say which it does. */
  contract_unsupported: -32003,
  /** `data.role` names the role that the call needs. */
  role_needed: -32004,
  /** Too many calls; `data.retryInMs` says when the next one is taken. */
  rate_limited: -32005,
  /** A frame, or an answer, above its limit. */
  too_large: -32006,
  /** Too many connections. */
  too_many: -32007,
  not_found: -32008,
  /** Not offered by this agent as it is set up now. */
  unavailable: -32009,
  /** The helpdesk code is wrong; `data.triesLeft`. */
  wrong_code: -32010,
} as const;

export type FaultName = keyof typeof FAULT_CODES;

/** An answer that is an error. A value, not an exception: handlers return it. */
export class Fault {
  readonly name: FaultName;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(name: FaultName, message: string, data: Readonly<Record<string, unknown>> = {}) {
    this.name = name;
    this.message = message;
    this.data = data;
  }
}

/** What a caller gets where the other side answered with an error. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly fault: Fault;

  constructor(method: string, fault: Fault) {
    super(`${method}: ${fault.message}`);
    this.fault = fault;
  }
}

/** The name for a number that came over the wire; numbers we don't know count as `internal`. */
export function faultName(code: unknown): FaultName {
  for (const [name, known] of Object.entries(FAULT_CODES)) if (known === code) return name as FaultName;
  return 'internal';
}
