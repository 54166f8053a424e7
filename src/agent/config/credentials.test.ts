import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TestMachine } from '../../../test/support/config-machine.ts';
import { NO_REGISTRY, type Registry, type RegistryValue } from '../../platform/registry.ts';
import type { BootConfig } from './boot-config.ts';
import { readCredentials } from './credentials.ts';

const machine = new TestMachine();
afterAll(() => machine.remove());

const NO_AUTH: BootConfig['auth'] = {
  user: null,
  passwordFile: null,
  tokenFile: null,
  credsFile: null,
  nkeyFile: null,
};

function secret(name: string, content: string, mode = 0o600): string {
  const path = machine.file(name, content);
  chmodSync(path, mode);
  return path;
}

function registry(values: Record<string, RegistryValue>): Registry {
  return { read: (key, name) => (key === 'SOFTWARE\\kanade\\agent' ? values[name] : undefined) ?? { kind: 'absent' } };
}
const text = (value: string): RegistryValue => ({ kind: 'text', text: value });

interface CredentialSources {
  readonly auth?: Partial<BootConfig['auth']>;
  readonly url?: BootConfig['agent']['natsUrl']['credentials'];
  readonly env?: Record<string, string>;
  readonly registry?: Registry;
  readonly startedAs?: BootConfig['startedAs'];
}

function read({ auth, url = null, env = {}, registry: from = NO_REGISTRY, startedAs = 'headless' }: CredentialSources) {
  return readCredentials(
    { startedAs, auth: { ...NO_AUTH, ...auth }, agent: { natsUrl: { credentials: url } } },
    env,
    from,
  );
}

describe('where credentials come from', () => {
  const env = { KANADE_NATS_TOKEN: 'env-token', KANADE_NATS_USER: 'env', KANADE_NATS_PASSWORD: 'env-password' };
  const url = { kind: 'user', user: 'url', password: 'p' } as const;
  const full = registry({ NatsToken: text('reg-token'), NatsUser: text('reg'), NatsPassword: text('reg-password') });

  test('the files of [auth] come first, then the registry, the environment, the server list, and none', () => {
    const tokenFile = secret('token', 'file-token\n');
    const found = [
      read({ auth: { tokenFile }, registry: full, env, url }),
      read({ registry: full, env, url }),
      read({ registry: registry({ NatsUser: text('reg'), NatsPassword: text('pw') }), url }),
      read({ env, url }),
      read({ env: { KANADE_NATS_TOKEN: 'env-token' }, url }),
      read({ url }),
      read({}),
    ];
    const key = 'HKLM\\SOFTWARE\\kanade\\agent';
    expect(found.map((each) => (each.ok ? [each.credentials, each.sources] : each.error))).toEqual([
      [[{ kind: 'token', token: 'file-token' }], [tokenFile]],
      [
        [
          { kind: 'user', user: 'reg', password: 'reg-password' },
          { kind: 'token', token: 'reg-token' },
        ],
        [`${key} NatsUser`, `${key} NatsToken`],
      ],
      [[{ kind: 'user', user: 'reg', password: 'pw' }], [`${key} NatsUser`]],
      [
        [
          { kind: 'user', user: 'env', password: 'env-password' },
          { kind: 'token', token: 'env-token' },
        ],
        ['KANADE_NATS_USER', 'KANADE_NATS_TOKEN'],
      ],
      [[{ kind: 'token', token: 'env-token' }], ['KANADE_NATS_TOKEN']],
      [[url], ['agent.nats_url']],
      [[{ kind: 'none' }], ['none']],
    ]);
  });

  test('wherever both are, the pair comes before the token, also where they come from different places', () => {
    const tokenFile = secret('token', 'file-token\n');
    const passwordFile = secret('password', 'file-password\n');
    const found = [
      read({ auth: { user: 'file', passwordFile, tokenFile } }),
      read({ registry: registry({ NatsToken: text('reg-token') }), env }),
      read({
        registry: registry({ NatsUser: text('reg'), NatsPassword: text('pw') }),
        env: { ...env, KANADE_NATS_USER: '' },
      }),
    ];
    expect(found.map((each) => (each.ok ? each.credentials : each.error))).toEqual([
      [
        { kind: 'user', user: 'file', password: 'file-password' },
        { kind: 'token', token: 'file-token' },
      ],
      [
        { kind: 'user', user: 'env', password: 'env-password' },
        { kind: 'token', token: 'reg-token' },
      ],
      [
        { kind: 'user', user: 'reg', password: 'pw' },
        { kind: 'token', token: 'env-token' },
      ],
    ]);
  });

  const halves: [what: string, sources: () => CredentialSources, error: string][] = [
    ['[auth] user', () => ({ auth: { user: 'u' } }), 'auth.user is set, but auth.password_file is not'],
    [
      '[auth] password_file beside a token',
      () => ({ auth: { passwordFile: secret('password', 'p'), tokenFile: secret('token', 't') } }),
      'auth.password_file is set, but auth.user is not',
    ],
    [
      'the registry',
      () => ({ registry: registry({ NatsUser: text('u'), NatsToken: text('t') }), env }),
      'HKLM\\SOFTWARE\\kanade\\agent NatsUser is set, but HKLM\\SOFTWARE\\kanade\\agent NatsPassword is not',
    ],
    [
      'the environment',
      () => ({ env: { KANADE_NATS_PASSWORD: 'p', KANADE_NATS_USER: '', KANADE_NATS_TOKEN: 't' } }),
      'KANADE_NATS_PASSWORD is set, but KANADE_NATS_USER is not',
    ],
  ];
  test.each(halves)('half a pair is a problem that names what is missing: %s', (_, sources, error) => {
    expect(read(sources())).toEqual({ ok: false, error: `${error}; a sign-in needs both` });
  });

  test('empty values are no credentials', () => {
    const empty = registry({ NatsToken: text(''), NatsUser: text('') });
    expect(read({ registry: empty, env: { KANADE_NATS_TOKEN: '', KANADE_NATS_USER: '' } })).toMatchObject({
      credentials: [{ kind: 'none' }],
    });
  });

  test('a registry key that can not be read is named, unless the environment has credentials', () => {
    const denied = registry({ NatsToken: { kind: 'error', code: 5 } });
    expect(read({ registry: denied })).toEqual({
      ok: false,
      error: "HKLM\\SOFTWARE\\kanade\\agent NatsToken can't be read (Windows error 5)",
    });
    expect(read({ registry: denied, env })).toMatchObject({
      ok: true,
      sources: ['KANADE_NATS_USER', 'KANADE_NATS_TOKEN'],
    });
    const half = registry({ NatsUser: { kind: 'error', code: 5 }, NatsPassword: text('p') });
    expect(read({ registry: half })).toMatchObject({ ok: false, error: expect.stringContaining('NatsUser can') });
  });
});

describe('secret files', () => {
  test('each kind is read without the newline at its end', () => {
    const creds = '-----BEGIN NATS USER JWT-----\nx\n------END NATS USER JWT------';
    const found = [
      read({ auth: { credsFile: secret('creds', `${creds}\n`) } }),
      read({ auth: { nkeyFile: secret('nkey', 'SUAB\r\n') } }),
      read({ auth: { user: 'kanade', passwordFile: secret('password', ' with blanks \n') } }),
    ];
    expect(found.map((each) => each.ok && each.credentials[0])).toEqual([
      { kind: 'creds', text: creds },
      { kind: 'nkey', seed: 'SUAB' },
      { kind: 'user', user: 'kanade', password: ' with blanks ' },
    ]);
  });

  test('they are read again each time', () => {
    const tokenFile = secret('rotated', 'old');
    const first = read({ auth: { tokenFile } });
    secret('rotated', 'new');
    const second = read({ auth: { tokenFile } });
    expect([first, second].map((each) => each.ok && each.credentials[0])).toEqual([
      { kind: 'token', token: 'old' },
      { kind: 'token', token: 'new' },
    ]);
  });

  const refusals: [name: string, make: () => string, error: string][] = [
    ['a missing one', () => join(machine.root, 'none'), 'does not exist'],
    ['an empty one', () => secret('empty', '\n'), 'is empty'],
    ['a directory', () => machine.root, 'is not a regular file'],
    ['one that its group can write', () => secret('group', 'x', 0o620), 'can be written by its group or by everybody'],
    ['one that everybody can write', () => secret('all', 'x', 0o602), 'can be written by its group or by everybody'],
    ['one larger than any secret', () => secret('large', 'x'.repeat(64 * 1024 + 1)), 'is larger than 65536 bytes'],
  ];
  test.each(refusals)('%s is refused by name', (_, make, error) => {
    const tokenFile = make();
    expect(read({ auth: { tokenFile }, env: { KANADE_NATS_TOKEN: 'other' } })).toEqual({
      ok: false,
      error: `${tokenFile} ${error}`,
    });
  });

  test('one that is not UTF-8 is refused', () => {
    const tokenFile = machine.file('latin1', new Uint8Array([0x61, 0xe4]));
    expect(read({ auth: { tokenFile } })).toEqual({ ok: false, error: `${tokenFile} is not UTF-8 text` });
  });

  test.skipIf(process.geteuid?.() !== 0)('one that belongs to another user is refused', () => {
    const tokenFile = secret('foreign', 'x');
    chownSync(tokenFile, 12345, 12345);
    expect(read({ auth: { tokenFile } })).toEqual({
      ok: false,
      error: `${tokenFile} belongs to user 12345, who could change it`,
    });
  });

  test('one that others can read works, with a warning', () => {
    const tokenFile = secret('open', 'x', 0o644);
    expect(read({ auth: { tokenFile } })).toEqual({
      ok: true,
      credentials: [{ kind: 'token', token: 'x' }],
      sources: [tokenFile],
      warnings: [`${tokenFile} can be read by others; set its mode to 0600`],
    });
    expect(read({ auth: { tokenFile: secret('closed', 'x') } })).toMatchObject({ ok: true, warnings: [] });
  });
});

test.skipIf(process.getuid?.() !== 0)(
  'a secret that somebody else could put into its place is none for a service',
  () => {
    const tokenFile = secret('loose/token', 'x');
    const open = join(machine.root, 'loose');
    chmodSync(open, 0o777);
    expect(read({ auth: { tokenFile } })).toMatchObject({ ok: true });
    expect(read({ auth: { tokenFile }, startedAs: 'service' })).toEqual({
      ok: false,
      error: `${tokenFile} is not safe where it lies: ${open} can be written by everybody`,
    });
  },
);
