/**
 * One connection: says hello with a nonce, takes one handshake, then answers calls. Before the handshake every call is an
 * error; a wrong proof ends the connection; after it each call passes, in this order, its name, its rate, its role and
 * its arguments.
 */
import { errorText } from '../../base/logger.ts';
import { checked } from '../../shared/checked.ts';
import {
  CONTRACT_VERSION,
  type HandshakeResult,
  handshakeParams,
  isMethodName,
  type MethodRule,
  methods,
  OLDEST_CONTRACT,
  type Parsed,
  type Push,
  type PushName,
} from '../../shared/contract.ts';
import { Fault } from '../../shared/faults.ts';
import type { Link } from '../../shared/link.ts';
import { isProof, linkSeal, newNonce, prove, type Seal } from '../../shared/link-crypto.ts';
import { type ProofFacts, proofText } from '../../shared/proof-text.ts';
import { type Method, peer } from '../../shared/rpc.ts';
import { SealedLink } from '../../shared/sealed-link.ts';
import type { AccountShare } from './account-share.ts';
import type { Caller, ClientDeps } from './client-deps.ts';
import { handlers } from './methods.ts';
import type { Subscription } from './projection.ts';
import { isHelpdesk, missingRole, type Principal, rolesOf } from './roles.ts';

/** Serves `link` until it closes. */
export function serveClient(carrier: Link, deps: ClientDeps): void {
  const { ports, projection, share } = deps;
  const link = new SealedLink(counted(carrier, share));
  const nonce = newNonce();
  let isOpen = true;
  let principal: Principal | null = null;
  let subscription: Subscription | null = null;
  let relock: NodeJS.Timeout | undefined;
  let seal: Seal | null = null;

  const connection = peer(link, {
    // Also what is no call, and what comes before the proof. Who does not slow down is hung up on.
    admits: () => {
      const isWithin = isOpen && share.takeFrame();
      if (!isWithin) link.close();
      return isWithin;
    },
    resolve: (name) => {
      if (principal === null)
        return name === 'handshake' ? handshakeMethod : new Fault('handshake_needed', 'first the handshake');
      return resolve(name, principal);
    },
    onAnswered: (method) => {
      if (method === 'handshake' && seal !== null) link.writeSealed(seal);
    },
    onBug: (method, error) => ports.log.error('a call failed', { method, error: errorText(error) }),
  });
  link.onClose(() => {
    isOpen = false;
    subscription?.end();
    clearTimeout(relock);
  });
  push('hello', { contract: { min: OLDEST_CONTRACT, max: CONTRACT_VERSION }, nonce });

  function push<P extends PushName>(name: P, params: Push<P>): void {
    connection.push(name, params);
  }

  const handshakeMethod: Method = checked(handshakeParams, (params) => {
    const answer = handshake(params);
    // The answer goes out first; one try is all a connection has.
    if (answer instanceof Fault) setImmediate(() => link.close());
    return answer;
  });

  function handshake(params: Parsed<'handshake'>): HandshakeResult | Fault {
    const { contract, client, proof, hostProof } = params;
    if (contract < OLDEST_CONTRACT || contract > CONTRACT_VERSION) {
      const served = { min: OLDEST_CONTRACT, max: CONTRACT_VERSION };
      return new Fault('contract_unsupported', `this agent serves contract ${served.min} to ${served.max}`, served);
    }
    const facts: ProofFacts = { address: deps.address, contract, client, agentNonce: nonce, clientNonce: params.nonce };
    const { account, token } = deps;
    if (!isProof(token, proofText('client', facts), proof))
      return new Fault('proof_refused', 'the proof does not hold');
    const isHost = provesHost(facts, hostProof);
    if (isHost === null) return new Fault('proof_refused', 'the proof of the host does not hold');
    const refused = deps.onProven();
    if (refused !== null) return refused;
    const isAdministrator = deps.isAdministrator(account);
    const isPrivileged = isAdministrator || account === deps.ownAccount;
    seal = linkSeal('agent', token, facts);
    link.readSealed(seal);
    principal = { account, client, isHost, isAdministrator, isPrivileged, unlockedUntilMs: null };
    return {
      contract,
      agentVersion: ports.identity().agentVersion,
      account,
      roles: rolesOf(principal, ports.clock.nowMs()),
      proof: prove(token, proofText('agent', facts)),
    };
  }

  /** null: a proof was given and does not hold. */
  function provesHost(facts: ProofFacts, proof: string | undefined): boolean | null {
    if (proof === undefined) return false;
    return deps.hostSecret !== null && isProof(deps.hostSecret, proofText('host', facts), proof) ? true : null;
  }

  function resolve(name: string, seen: Principal): Method | Fault {
    if (!isMethodName(name)) return share.takeCall('read') ?? new Fault('unknown_method', 'there is no such method');
    if (name === 'handshake') return new Fault('invalid_request', 'the handshake is done');
    const rule = methods[name];
    const refused = share.takeCall(rule.kind) ?? missingRole(rule, seen, ports.clock.nowMs());
    if (refused !== null) return refused;
    const handle = handlers[name] as (params: unknown, caller: Caller) => unknown;
    return checked(methods[name].params, (params) => share.inTurn(() => answer(rule, handle, params)));
  }

  /** The role counts when the call has its turn: the one before it may have given it up. */
  function answer(rule: MethodRule, handle: (params: unknown, caller: Caller) => unknown, params: unknown): unknown {
    if (!isOpen) return GONE;
    const caller = principal ?? missingPrincipal();
    const refused = missingRole(rule, caller, ports.clock.nowMs());
    if (refused !== null) return refused;
    const given = handle(params, { principal: caller, deps, turn: share.turn, subscribe, unsubscribe, setUnlocked });
    if (!(given instanceof Promise) || rule.kind === 'action') return given;
    const wasHelpdesk = isHelpdesk(caller, ports.clock.nowMs());
    return given.then((value) => (wasHelpdesk && !isHelpdeskNow() ? askedAgain(rule, handle, params) : value));
  }

  function isHelpdeskNow(): boolean {
    return isHelpdesk(principal ?? missingPrincipal(), ports.clock.nowMs());
  }

  /** What took its time, or waited, answers who asks as they are at its end: the code may have been given up meanwhile. */
  async function askedAgain(...call: Parameters<typeof answer>): Promise<unknown> {
    await share.turn();
    return answer(...call);
  }

  function subscribe(): void {
    subscription ??= projection.subscribe(
      () => principal ?? missingPrincipal(),
      (status) => push('state.changed', status),
    );
  }

  function unsubscribe(): void {
    subscription?.end();
    subscription = null;
  }

  /** What the principal may see changes now, and again when the time is over. */
  function setUnlocked(untilMs: number | null): void {
    if (principal === null) return;
    principal = { ...principal, unlockedUntilMs: untilMs };
    subscription?.refresh();
    clearTimeout(relock);
    if (untilMs === null) return;
    relock = setTimeout(() => setUnlocked(null), untilMs - ports.clock.nowMs());
    relock.unref();
  }
}

function counted(link: Link, share: AccountShare): Link {
  return {
    send: (text) => link.send(text),
    onMessage: (receive) => link.onMessage((text) => share.countFrame(() => receive(text))),
    onClose: (closed) => link.onClose(closed),
    close: () => link.close(),
  };
}

/** Nobody hears it. */
const GONE = new Fault('unavailable', 'the connection is closed');

function missingPrincipal(): never {
  throw new Error('a connection has a principal once its handshake is done');
}
