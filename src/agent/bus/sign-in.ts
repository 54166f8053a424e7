/**
 * What a sign-in needs. Read from its sources again for each try, so that a rotated secret or certificate heals a refused
 * one without a restart (architecture §7).
 */
import { isIP } from 'node:net';
import { type ConnectionOptions as ConnectionTlsOptions, createSecureContext, getCACertificates } from 'node:tls';
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { errorText } from '../../base/logger.ts';
import { bareHost, type Server } from './peers.ts';

export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'user'; readonly user: string; readonly password: string }
  | { readonly kind: 'creds'; readonly text: string }
  | { readonly kind: 'nkey'; readonly seed: string };

/** What stands in the files of `[tls]`. */
export interface TlsTexts {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly serverName: string | null;
}

/** What was configured can't be used as it is: no server was asked. */
export class UnusableSignIn extends Error {
  override readonly name = 'UnusableSignIn';
}

/** Throws {@link UnusableSignIn} where the secret is not what it should be. */
export function authenticatorOf(credentials: Credentials): Authenticator | undefined {
  switch (credentials.kind) {
    case 'none':
      return undefined;
    case 'token':
      return tokenAuthenticator(credentials.token);
    case 'user':
      return usernamePasswordAuthenticator(credentials.user, credentials.password);
    case 'creds':
      return usable('the creds file', credsAuthenticator(new TextEncoder().encode(credentials.text)));
    case 'nkey':
      return usable('the nkey', nkeyAuthenticator(new TextEncoder().encode(credentials.seed)));
  }
}

/** The library looks at a key only when the server asks for it, and its failure then looks like one of the network. */
function usable(what: string, authenticator: Authenticator): Authenticator {
  try {
    authenticator('nonce');
    return authenticator;
  } catch (error) {
    throw new UnusableSignIn(`${what} can't be used (${errorText(error)})`);
  }
}

/**
 * TLS options for one server. Its certificate is for `[tls] server_name`, else for the host given with it, else for its own: for an
 * address too, for which Node wants no name (''), and where it is told no host takes `localhost`. Trust is the operating system's store,
 * Node's own list and `[tls] ca`. Throws {@link UnusableSignIn} where the files could not be used: then `tls` says why.
 */
export function tlsOptions({ url, certificateOf }: Server, tls: TlsTexts | string): TlsOptions | undefined {
  if (typeof tls === 'string') throw new UnusableSignIn(tls);
  const { ca, cert, key, serverName } = tls;
  const wanted = url.protocol === 'tls:' || url.protocol === 'wss:' || ca !== null || cert !== null;
  if (!wanted) return undefined;
  if (made?.ca !== ca || made.cert !== cert || made.key !== key) made = make({ ca, cert, key });
  const host = certificateOf ?? bareHost(url);
  return { ...made.options, host, servername: serverName ?? (isIP(host) === 0 ? host : '') };
}

/** Also Node's own, which the library hands on as they are. */
export type TlsOptions = Exclude<ConnectionOptions['tls'], null | undefined> &
  Pick<ConnectionTlsOptions, 'secureContext' | 'host' | 'servername'>;

type Sources = Pick<TlsTexts, 'ca' | 'cert' | 'key'>;

/** Of the last try: to read some hundred authorities takes 100 ms, and they are mostly those of the try before. */
let made: Made | undefined;

interface Made extends Sources {
  readonly options: TlsOptions;
}

function make(sources: Sources): Made {
  const { ca, cert, key } = sources;
  const texts = {
    ca: [...trusted(), ...(ca === null ? [] : [ca])].join('\n'),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
  try {
    return { ...sources, options: { secureContext: createSecureContext(texts) } };
  } catch (error) {
    throw new UnusableSignIn(`the files of [tls] can't be used (${errorText(error)})`);
  }
}

let platform: readonly string[] | undefined;

/** Asked for once: it takes its time. */
function trusted(): readonly string[] {
  platform ??= distinct([...getCACertificates('default'), ...getCACertificates('system')]);
  return platform;
}

/** Each certificate once, however it is written: the lists have most of theirs in common, and some twice. */
export function distinct(pems: readonly string[]): readonly string[] {
  return [...new Map(pems.map((pem) => [pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), pem])).values()];
}
