/**
 * The client's side of the contract: proves the token of the endpoint file, checks the agent's proof, then calls typed
 * methods. The carrier is passed in, so that main, web, the command line and tests share this. Whoever only holds the
 * name of the socket can't pass for the agent: he does not know the token.
 */
import { z } from 'zod';
import {
  type ClientKind,
  CONTRACT_VERSION,
  type HandshakeResult,
  helloSchema,
  type MethodName,
  methods,
  OLDEST_CONTRACT,
  type Params,
  type Push,
  type PushName,
  pushes,
  type Result,
} from './contract.ts';
import { CallError, Fault } from './faults.ts';
import type { Link } from './link.ts';
import { isProof, linkSeal, newNonce, prove } from './link-crypto.ts';
import { proofText } from './proof-text.ts';
import { LinkClosed, type Peer, peer } from './rpc.ts';
import { SealedLink } from './sealed-link.ts';

/** The content of `endpoint.json`: where the agent listens, and the token of one account (32 bytes, hex). */
export const endpointSchema = z.object({ address: z.string().min(1), token: z.string().regex(/^[0-9a-f]{64}$/) });
export type Endpoint = z.infer<typeof endpointSchema>;

export interface OpenOptions {
  readonly endpoint: Endpoint;
  readonly client: ClientKind;
  /** Only the process that started the agent has it; hex. */
  readonly hostSecret?: string;
  /** Also ends the wait for an agent that says nothing. */
  readonly signal: AbortSignal;
}

export type OpenResult =
  | { readonly kind: 'open'; readonly agent: AgentClient }
  /** The agent answered with an error: other contract, wrong token, too many connections. */
  | { readonly kind: 'refused'; readonly fault: Fault }
  /** What answers there does not know the token: it is not our agent. The link is closed. */
  | { readonly kind: 'impostor' }
  | { readonly kind: 'closed' };

export interface AgentClient {
  readonly handshake: HandshakeResult;
  /** Rejects with CallError, LinkClosed or the signal's reason. */
  call<M extends MethodName>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>>;
  /** Follows one kind of push; returns the function that ends it. */
  onPush<P extends PushName>(name: P, receive: (params: Push<P>) => void): () => void;
  onClose(closed: () => void): void;
  close(): void;
}

/** Does the handshake on a fresh link, which it owns from now on. Rejects only with the signal's reason. */
export async function openAgent(carrier: Link, options: OpenOptions): Promise<OpenResult> {
  const link = new SealedLink(carrier);
  const receivers = new Map<string, Set<(params: unknown) => void>>();
  let onHello: (hello: unknown) => void = () => {};
  const hello = new Promise<unknown>((resolve) => {
    onHello = resolve;
  });
  const agent = peer(link, {
    resolve: () => new Fault('unknown_method', 'a client has no methods'),
    onPush: (name, params) => {
      if (name === 'hello') onHello(params);
      for (const receive of receivers.get(name) ?? []) receive(params);
    },
    // Before the hello this is how we are turned away.
    onFault: (fault) => onHello(fault),
  });
  let outcome: HandshakeOutcome = { kind: 'closed' };
  try {
    outcome = await handshake(link, agent.call, hello, options);
    if (outcome.kind !== 'open') return outcome;
  } finally {
    if (outcome.kind !== 'open') link.close();
  }
  const client: AgentClient = {
    handshake: outcome.handshake,
    call: async (method, params, signal) => {
      const result = await agent.call(method, params, signal);
      return methods[method].result.parse(result) as Result<typeof method>;
    },
    onPush: (name, receive) => {
      const parsing = (params: unknown) => {
        const parsed = pushes[name].safeParse(params);
        if (parsed.success) receive(parsed.data as Push<typeof name>);
      };
      const set = receivers.get(name) ?? new Set();
      receivers.set(name, set.add(parsing));
      return () => void set.delete(parsing);
    },
    onClose: (closed) => link.onClose(closed),
    close: () => link.close(),
  };
  return { kind: 'open', agent: client };
}

type HandshakeOutcome =
  | { readonly kind: 'open'; readonly handshake: HandshakeResult }
  | Exclude<OpenResult, { kind: 'open' }>;

async function handshake(
  link: SealedLink,
  call: Peer['call'],
  hello: Promise<unknown>,
  { endpoint, client, hostSecret, signal }: OpenOptions,
): Promise<HandshakeOutcome> {
  const said = await firstOf(hello, link, signal);
  if (said === CLOSED) return { kind: 'closed' };
  if (said instanceof Fault) return { kind: 'refused', fault: said };
  const greeting = helloSchema.safeParse(said);
  if (!greeting.success) return { kind: 'impostor' };
  const { contract: served, nonce: agentNonce } = greeting.data;
  const contract = Math.min(CONTRACT_VERSION, served.max);
  if (contract < OLDEST_CONTRACT || contract < served.min) {
    return { kind: 'refused', fault: new Fault('contract_unsupported', 'agent and client are too far apart', served) };
  }
  const clientNonce = newNonce();
  const facts = { address: endpoint.address, contract, client, agentNonce, clientNonce };
  const token = Buffer.from(endpoint.token, 'hex');
  const params = {
    contract,
    client,
    nonce: clientNonce,
    proof: prove(token, proofText('client', facts)),
    ...(hostSecret === undefined ? {} : { hostProof: prove(Buffer.from(hostSecret, 'hex'), proofText('host', facts)) }),
  };
  try {
    const result = methods.handshake.result.safeParse(await call('handshake', params, signal));
    if (!result.success || !isProof(token, proofText('agent', facts), result.data.proof)) return { kind: 'impostor' };
    const seal = linkSeal('client', token, facts);
    link.readSealed(seal);
    link.writeSealed(seal);
    return { kind: 'open', handshake: result.data };
  } catch (error) {
    if (error instanceof CallError) return { kind: 'refused', fault: error.fault };
    if (error instanceof LinkClosed) return { kind: 'closed' };
    throw error;
  }
}

const CLOSED = Symbol('closed');

function firstOf(value: Promise<unknown>, link: Link, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    link.onClose(() => resolve(CLOSED));
    value.then(resolve, reject);
  });
}
