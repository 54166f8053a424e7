/**
 * What a sign-in needs. Read from its sources anew for each try, so that a rotated secret or certificate heals a refused
 * one without a restart (design §7).
 */
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';

export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'user'; readonly user: string; readonly password: string }
  | { readonly kind: 'creds'; readonly text: string }
  | { readonly kind: 'nkey'; readonly seed: string };

export interface TlsFiles {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly serverName: string | null;
}

export function authenticatorOf(credentials: Credentials): Authenticator | undefined {
  switch (credentials.kind) {
    case 'none':
      return undefined;
    case 'token':
      return tokenAuthenticator(credentials.token);
    case 'user':
      return usernamePasswordAuthenticator(credentials.user, credentials.password);
    case 'creds':
      return credsAuthenticator(new TextEncoder().encode(credentials.text));
    case 'nkey':
      return nkeyAuthenticator(new TextEncoder().encode(credentials.seed));
  }
}

/**
 * TLS options for one server. Trust is the operating system's store, Node's own list and `[tls] ca`. Throws where a
 * file can't be read; the message names it.
 */
export function tlsOptions(url: URL, files: TlsFiles): ConnectionOptions['tls'] | undefined {
  const wanted = url.protocol === 'tls:' || url.protocol === 'wss:' || files.ca !== null || files.cert !== null;
  if (!wanted) return undefined;
  const authorities = [...getCACertificates('default'), ...systemAuthorities()];
  if (files.ca !== null) authorities.push(readFileSync(files.ca, 'utf8'));
  // wss goes through the platform's WebSocket, which takes no options: its trust is the process's default.
  setDefaultCACertificates(authorities);
  return {
    ca: authorities.join('\n'),
    ...(files.cert === null ? {} : { cert: readFileSync(files.cert, 'utf8') }),
    ...(files.key === null ? {} : { key: readFileSync(files.key, 'utf8') }),
    ...(files.serverName === null ? {} : { servername: files.serverName }),
  };
}

let system: readonly string[] | undefined;

function systemAuthorities(): readonly string[] {
  system ??= getCACertificates('system');
  return system;
}
