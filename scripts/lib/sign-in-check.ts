/**
 * Whether a server can be joined, tried once before the agent is started: the agent itself waits for a server for as long as
 * it takes, and somebody at a terminal wants to know now what is wrong.
 */
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  errors,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  wsconnect,
} from '@nats-io/transport-node';
import { CliError } from '../bootstrap/say.mjs';
import type { JoinOptions, SignIn } from './start-options.ts';

const CONNECT_MS = 5_000;

/**
 * Connects to the first of the servers that answers, signs in and leaves.
 * @param env `KANADE_NATS_TOKEN` counts where no sign-in is named
 * @throws {@link CliError} when none of them lets us in
 */
export async function checkSignIn({ server, signIn }: JoinOptions, env: NodeJS.ProcessEnv = process.env) {
  const failures = [];
  for (const each of server.split(',')) {
    const url = new URL(each.trim());
    try {
      await signInOnce(url, authenticatorOf(signIn, env));
      return;
    } catch (error) {
      failures.push(inWords(url.host, signIn, error));
    }
  }
  throw new CliError(failures.join('\n'));
}

async function signInOnce(url: URL, authenticator: Authenticator | undefined) {
  const webSocket = url.protocol === 'wss:' || url.protocol === 'ws:';
  const authorities = [...getCACertificates('default'), ...getCACertificates('system')];
  setDefaultCACertificates(authorities);
  const options = {
    servers: webSocket ? url.href : url.host,
    name: 'npm start',
    reconnect: false,
    timeout: CONNECT_MS,
    ...(authenticator
      ? { authenticator }
      : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) }),
  };
  const tls = url.protocol === 'tls:' ? { tls: { ca: authorities.join('\n') } } : {};
  const nc = webSocket ? await wsconnect(options) : await connect({ ...options, ...tls });
  await nc.close();
}

function authenticatorOf(signIn: SignIn, env: NodeJS.ProcessEnv) {
  switch (signIn.kind) {
    case 'token':
      return tokenAuthenticator(readFileSync(signIn.file, 'utf8').trim());
    case 'user':
      return usernamePasswordAuthenticator(signIn.user, readFileSync(signIn.file, 'utf8').trim());
    case 'creds':
      return credsAuthenticator(readFileSync(signIn.file));
    case 'none':
      return env.KANADE_NATS_TOKEN ? tokenAuthenticator(env.KANADE_NATS_TOKEN) : undefined;
  }
}

function inWords(host: string, signIn: SignIn, error: unknown) {
  const codes = [];
  let text = '';
  for (let each = error; each instanceof Error; each = each.cause) {
    codes.push((each as NodeJS.ErrnoException).code ?? each.name);
    text = each.message;
  }
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    return signIn.kind === 'none'
      ? `${host} wants a sign-in: add --token-file F, --user U --password-file F, or --creds F, as your IT department says.`
      : `${host} refused the sign-in: ask your IT department whether what ${signIn.file} holds is still valid.`;
  }
  if (codes.includes('ENOTFOUND') || codes.includes('EAI_AGAIN')) {
    return `The name of the server ${host} is not known: check --server for a typing error, and the network (or VPN) of this PC.`;
  }
  if (codes.includes('ECONNREFUSED')) {
    return `Nothing answers at ${host}: check name and port of --server; NATS usually listens on port 4222.`;
  }
  if (
    codes.some(
      (code) => code === 'TimeoutError' || code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH',
    )
  ) {
    return `${host} did not answer within ${CONNECT_MS / 1000} s: check --server, and whether a firewall or a missing VPN is in between.`;
  }
  if (/certificate|tls|ssl|secure/i.test(`${text} ${codes.join(' ')}`)) {
    return `No secure connection to ${host} (${text}): the certificate must be issued for this name, by an authority that this PC trusts.`;
  }
  return `No connection to ${host} (${text}): check that --server names a NATS server.`;
}
