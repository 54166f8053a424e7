/** Operator, account and user of a broker that knows its users by signed tokens, made as `nsc` makes them. */
import { createHash } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';

export interface JwtFleet {
  /** For the broker's configuration: operator and accounts held in memory. */
  readonly config: string;
  /** The text of a creds file for a new user. */
  creds(user: string): string;
}

/** @param jetStream the account has it as well */
export function jwtFleet({ jetStream = false } = {}): JwtFleet {
  const operator = nkeys.createOperator();
  const system = nkeys.createAccount();
  const account = nkeys.createAccount();
  const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const stored = jetStream ? { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 } : {};
  const accountToken = (name: string, key: nkeys.KeyPair, limits: object) =>
    token(operator, { name, sub: key.getPublicKey() }, { type: 'account', version: 2, limits });
  const operatorToken = token(
    operator,
    { name: 'fleet', sub: operator.getPublicKey() },
    { type: 'operator', version: 2, system_account: system.getPublicKey() },
  );
  return {
    config: [
      `operator: ${operatorToken}`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
      'resolver_preload: {',
      `  ${system.getPublicKey()}: ${accountToken('SYS', system, unlimited)}`,
      `  ${account.getPublicKey()}: ${accountToken('FLEET', account, { ...unlimited, ...stored })}`,
      '}',
    ].join('\n'),
    creds(user) {
      const key = nkeys.createUser();
      const claims = { type: 'user', version: 2, subs: -1, data: -1, payload: -1 };
      const jwt = token(account, { name: user, sub: key.getPublicKey() }, claims);
      const seed = new TextDecoder().decode(key.getSeed());
      return [
        '-----BEGIN NATS USER JWT-----',
        jwt,
        '------END NATS USER JWT------',
        '',
        '-----BEGIN USER NKEY SEED-----',
        seed,
        '------END USER NKEY SEED------',
        '',
      ].join('\n');
    },
  };
}

/** A user that proves itself by a key alone: what the broker knows, and what the agent keeps. */
export function nkeyUser(): { readonly publicKey: string; readonly seed: string } {
  const key = nkeys.createUser();
  return { publicKey: key.getPublicKey(), seed: new TextDecoder().decode(key.getSeed()) };
}

function token(issuer: nkeys.KeyPair, who: { name: string; sub: string }, nats: object): string {
  const claims = { iat: Math.floor(Date.now() / 1000), iss: issuer.getPublicKey(), ...who, nats };
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex');
  const signed = [
    { typ: 'JWT', alg: 'ed25519-nkey' },
    { jti, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}
