/** A try to connect that failed, sorted by what a person can do about it (protocol §11.2). */
import { errors } from '@nats-io/transport-node';
import { errorText } from '../../base/logger.ts';
import type { ConnectionState } from '../../shared/states.ts';
import { UnusableSignIn } from './sign-in.ts';

/** Why a try to connect failed: the state it puts us in, and the words for it. */
export interface Failure {
  readonly state: Exclude<ConnectionState, 'connected' | 'starting'>;
  readonly why: string;
}

const NO_NETWORK = new Set(['ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL']);

/** Sorts a failed connect into name, refused, TLS, authorization, timeout (protocol §11.2). */
export function classify(error: unknown, server: string): Failure {
  const codes = new Set<string>();
  const names: string[] = [];
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    names.push(each.name);
    if ('code' in each && typeof each.code === 'string') codes.add(each.code);
  }
  const text = errorText(error);
  if (error instanceof UnusableSignIn) return { state: 'refused', why: text };
  if (isSignInRefused(error)) {
    return { state: 'refused', why: `${server} refused the sign-in (${text})` };
  }
  if (codes.has('ENOTFOUND') || codes.has('EAI_AGAIN')) {
    return { state: 'unreachable', why: `the name of ${server} can't be resolved` };
  }
  if (codes.has('ECONNREFUSED')) return { state: 'unreachable', why: `nothing answers at ${server}` };
  for (const code of codes) {
    if (NO_NETWORK.has(code)) return { state: 'no_network', why: 'there is no network' };
  }
  if ([...codes].some(isTlsCode) || /certificate|tls|ssl/i.test(text)) {
    return { state: 'refused', why: `no secure connection to ${server} (${text})` };
  }
  if (names.includes('TimeoutError') || codes.has('ETIMEDOUT')) {
    return { state: 'unreachable', why: `${server} did not answer in time` };
  }
  return { state: 'unreachable', why: `no connection to ${server} (${text})` };
}

/** Nothing that heals in seconds: somebody has to change a secret, a certificate or a setting. */
export function isRefused(failure: Failure): boolean {
  return failure.state === 'refused';
}

/** The server was reached, and does not take this sign-in; another one might do. */
export function isSignInRefused(error: unknown): boolean {
  return error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
}

function isTlsCode(code: string): boolean {
  return code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || code.includes('CERT') || code === 'EPROTO';
}
