/**
 * The credentials of a sign-in, read again each time, so that a rotated secret heals a refused one without a restart
 * (architecture §7). User and password come before a token, which is what is left where they are refused: both are there while a
 * fleet is moved to users (protocol §11.1). Each is looked for in the files named in `[auth]`, else in the machine's
 * registry values, else in the environment; what the server list holds comes last. Half a pair is a problem, and so is a file
 * that is named but can't be read, or an unreadable registry key where nothing comes after it: signing in as somebody else
 * would only hide the reason.
 */
import { machineRegistry, type Registry } from '../../platform/registry.ts';
import { readRegistrySecret, readSecretFile, SECRETS_KEY, type SIGN_IN_SECRETS } from '../../platform/secrets.ts';
import type { Hosting } from '../../shared/states.ts';
import type { Credentials } from '../bus/sign-in.ts';
import type { BootConfig } from './boot-config.ts';

export type CredentialsRead =
  | {
      readonly ok: true;
      /** In the order in which they are to be tried; at least one. */
      readonly credentials: readonly Credentials[];
      /** Where each came from, without the secret: a file, a registry value, a variable, or `none`. */
      readonly sources: readonly string[];
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly error: string };

type CredentialsConfig = {
  readonly auth: BootConfig['auth'];
  readonly startedAs: BootConfig['startedAs'];
  readonly agent: { readonly natsUrl: Pick<BootConfig['agent']['natsUrl'], 'credentials'> };
};
type Env = Readonly<Record<string, string | undefined>>;

/** One of the ways to sign in; null: it is not there. */
type Found = { readonly credentials: Credentials; readonly source: string; readonly warning: string | null } | null;

/** Nothing to sign in with; the message is for the helpdesk. */
class NoCredentials extends Error {
  override readonly name = 'NoCredentials';
}

/** Reads them now. Synchronous: local files of a few bytes, once for each try to connect. */
export function readCredentials(
  config: CredentialsConfig,
  env: Env,
  registry: Registry = machineRegistry(),
): CredentialsRead {
  try {
    const named = fromFiles(config);
    if (named.length > 0) return read(named);
    return read(fromMachine(env, registry, config.agent.natsUrl.credentials));
  } catch (error) {
    if (error instanceof NoCredentials) return { ok: false, error: error.message };
    throw error;
  }
}

function read(candidates: readonly NonNullable<Found>[]): CredentialsRead {
  return {
    ok: true,
    credentials: candidates.map(({ credentials }) => credentials),
    sources: candidates.map(({ source }) => source),
    warnings: candidates.flatMap(({ warning }) => warning ?? []),
  };
}

function fromFiles({ auth, startedAs }: CredentialsConfig): NonNullable<Found>[] {
  const fromFile = (path: string | null, make: (secret: string) => Credentials) => fromNamed(path, startedAs, make);
  const { user, passwordFile, tokenFile, credsFile, nkeyFile } = auth;
  if (user !== null && passwordFile === null) throw half('auth.user', 'auth.password_file');
  if (user === null && passwordFile !== null) throw half('auth.password_file', 'auth.user');
  const pair = user === null ? null : fromFile(passwordFile, (password) => ({ kind: 'user', user, password }));
  const token = fromFile(tokenFile, (secret) => ({ kind: 'token', token: secret }));
  const both = present(pair, token);
  if (both.length > 0) return both;
  return present(
    fromFile(credsFile, (text) => ({ kind: 'creds', text })) ?? fromFile(nkeyFile, (seed) => ({ kind: 'nkey', seed })),
  );
}

function fromNamed(path: string | null, startedAs: Hosting, make: (secret: string) => Credentials): Found {
  if (path === null) return null;
  const secret = readSecretFile(path, startedAs);
  if (!secret.ok) throw new NoCredentials(secret.error);
  return { credentials: make(secret.text), source: path, warning: secret.warning };
}

/** The pair and the token may come from different places. */
function fromMachine(env: Env, registry: Registry, url: Credentials | null): NonNullable<Found>[] {
  const key = new RegistryKey(registry);
  const [user, password] = [key.text('NatsUser'), key.text('NatsPassword')];
  const pair =
    // Of a key that can't be read nobody knows which half is missing.
    (key.problem === null ? pairOf(user, password) : null) ??
    pairOf(variable(env, 'KANADE_NATS_USER'), variable(env, 'KANADE_NATS_PASSWORD'));
  const token = tokenOf(key.text('NatsToken')) ?? tokenOf(variable(env, 'KANADE_NATS_TOKEN'));
  const both = present(pair, token);
  if (both.length > 0) return both;
  if (url !== null) return [{ credentials: url, source: 'agent.nats_url', warning: null }];
  if (key.problem !== null) throw new NoCredentials(key.problem);
  return [{ credentials: { kind: 'none' }, source: 'none', warning: null }];
}

/** A secret by the name under which a person finds it; an empty one counts as absent. */
interface Named {
  readonly name: string;
  readonly text: string | null;
}

/** One of the two alone is never passed over: who put it there meant to sign in with it. */
function pairOf(user: Named, password: Named): Found {
  if (user.text === null && password.text === null) return null;
  if (user.text === null) throw half(password.name, user.name);
  if (password.text === null) throw half(user.name, password.name);
  const credentials = { kind: 'user', user: user.text, password: password.text } as const;
  return { credentials, source: user.name, warning: null };
}

function tokenOf({ name, text }: Named): Found {
  return text === null ? null : { credentials: { kind: 'token', token: text }, source: name, warning: null };
}

function half(there: string, missing: string): NoCredentials {
  return new NoCredentials(`${there} is set, but ${missing} is not; a sign-in needs both`);
}

function variable(env: Env, name: string): Named {
  return { name, text: env[name] || null };
}

class RegistryKey {
  /** The first value that can't be read. */
  problem: string | null = null;
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  text(value: (typeof SIGN_IN_SECRETS)[number]): Named {
    const name = `HKLM\\${SECRETS_KEY} ${value}`;
    const secret = readRegistrySecret(this.#registry, value);
    if (secret.kind === 'error') this.problem ??= `${name} can't be read (Windows error ${secret.code})`;
    return { name, text: secret.kind === 'text' ? secret.text : null };
  }
}

function present(...found: readonly Found[]): NonNullable<Found>[] {
  return found.filter((each) => each !== null);
}
