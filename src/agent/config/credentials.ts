/**
 * The credentials of a sign-in, read anew each time, so that a rotated secret heals a refused one without a restart
 * (design §7). Order: files named in `[auth]`, the machine's registry values, the environment, the server list. A file that
 * is named but can't be read ends the search, and so does an unreadable registry key where nothing comes after it: signing
 * in as nobody would only hide the reason.
 */
import type { Credentials } from '../bus/sign-in.ts';
import { machineRegistry, type Registry } from '../os/registry.ts';
import { readRegistrySecret, readSecretFile, SECRETS_KEY, SIGN_IN_SECRETS } from '../os/secrets.ts';
import type { BootConfig } from './boot-config.ts';

export type CredentialsRead =
  | {
      readonly ok: true;
      readonly credentials: Credentials;
      /** Where they came from, without the secret: a file, a registry value, a variable, or `none`. */
      readonly source: string;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly error: string };

type CredentialsConfig = {
  readonly auth: BootConfig['auth'];
  readonly agent: Pick<BootConfig['agent'], 'urlCredentials'>;
};
type Env = Readonly<Record<string, string | undefined>>;

/** Reads them now. Synchronous: local files of a few bytes, once for each try to connect. */
export function readCredentials(
  config: CredentialsConfig,
  env: Env,
  registry: Registry = machineRegistry(),
): CredentialsRead {
  const file = fromFiles(config.auth);
  if (file !== null) return file;
  const key = fromRegistry(registry);
  if (key?.ok === true) return key;
  const variable = fromEnvironment(env);
  if (variable !== null) return variable;
  const { urlCredentials } = config.agent;
  if (urlCredentials !== null) return found(urlCredentials, 'agent.nats_url');
  return key ?? found({ kind: 'none' }, 'none');
}

function found(credentials: Credentials, source: string, warning: string | null = null): CredentialsRead {
  return { ok: true, credentials, source, warnings: warning === null ? [] : [warning] };
}

function fromFiles(auth: BootConfig['auth']): CredentialsRead | null {
  const { user } = auth;
  if (auth.tokenFile !== null) return fromFile(auth.tokenFile, (token) => ({ kind: 'token', token }));
  if (auth.credsFile !== null) return fromFile(auth.credsFile, (text) => ({ kind: 'creds', text }));
  if (auth.nkeyFile !== null) return fromFile(auth.nkeyFile, (seed) => ({ kind: 'nkey', seed }));
  if (user !== null && auth.passwordFile !== null) {
    return fromFile(auth.passwordFile, (password) => ({ kind: 'user', user, password }));
  }
  return null;
}

function fromFile(path: string, make: (secret: string) => Credentials): CredentialsRead {
  const secret = readSecretFile(path);
  return secret.ok ? found(make(secret.text), path, secret.warning) : { ok: false, error: secret.error };
}

function fromRegistry(registry: Registry): CredentialsRead | null {
  const [token, user, password] = SIGN_IN_SECRETS.map((name) => ({
    name,
    value: readRegistrySecret(registry, name),
  }));
  for (const secret of [token, user, password]) {
    if (secret?.value.kind !== 'error') continue;
    const { code } = secret.value;
    return { ok: false, error: `HKLM\\${SECRETS_KEY} ${secret.name} can't be read (Windows error ${code})` };
  }
  if (token?.value.kind === 'text')
    return found({ kind: 'token', token: token.value.text }, registrySource('NatsToken'));
  if (user?.value.kind !== 'text' || password?.value.kind !== 'text') return null;
  return found({ kind: 'user', user: user.value.text, password: password.value.text }, registrySource('NatsUser'));
}

function registrySource(name: string): string {
  return `HKLM\\${SECRETS_KEY} ${name}`;
}

function fromEnvironment(env: Env): CredentialsRead | null {
  const { KANADE_NATS_TOKEN: token, KANADE_NATS_USER: user, KANADE_NATS_PASSWORD: password } = env;
  if (token) return found({ kind: 'token', token }, 'KANADE_NATS_TOKEN');
  return user && password ? found({ kind: 'user', user, password }, 'KANADE_NATS_USER') : null;
}
