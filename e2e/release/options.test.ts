/** Each option of `npm run release`: what it does to what is signed or to the connection, and what is said of a wrong value. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Objm } from '@nats-io/obj';
import { credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { pinnedKeys } from '../../src/agent/update/keys.ts';
import { checkRelease, type ReleaseFacts } from '../../src/agent/update/manifest.ts';
import { provisionedOperator } from '../../test/support/fleet.ts';
import { jwtFleet } from '../../test/support/nats-jwt.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { releaseDesk } from '../../test/support/release-desk.ts';
import { DAY_MS, TARGET } from '../../test/support/releases.ts';
import { tempDir } from '../../test/support/temp.ts';

type Desk = Awaited<ReturnType<typeof releaseDesk>>;

function listOf({ dir }: Desk, version = 1) {
  const keys = pinnedKeys(readFileSync(join(dir, `keys.${version}.json`)));
  if (keys === null) throw new Error(`keys.${version}.json is no key list`);
  return keys;
}

/** What a PC of these facts says of the manifest of version 2.0.0: the release, or why not. */
function onPc(desk: Desk, facts: Partial<ReleaseFacts> = {}) {
  const verdict = checkRelease(readFileSync(`${desk.file}.manifest`), {
    keys: listOf(desk),
    seen: null,
    wanted: '2.0.0',
    target: TARGET,
    channel: 'stable',
    installed: '1.0.0',
    nowMs: Date.now(),
    ...facts,
  });
  return verdict.ok ? verdict.release : verdict.why;
}

const PLAIN = { allow_downgrade: false, channel: 'stable', min_from: null, serial: 1 };

test('sign: each option is in the manifest, and decides which PC takes it', async () => {
  const desk = await releaseDesk();
  await desk.sign('2.0.0');
  const plain = onPc(desk);
  expect(plain).toMatchObject(PLAIN);
  if (typeof plain === 'string') throw new Error(plain);
  expect(plain.expires - plain.created).toBe(90 * DAY_MS);
  expect(onPc(desk, { installed: '3.0.0' })).toBe('downgrade');

  await desk.sign('2.0.0', '--min-from', '1.5.0');
  expect(onPc(desk, { installed: '1.5.0' })).toMatchObject({ ...PLAIN, serial: 2, min_from: '1.5.0' });
  expect(onPc(desk, { installed: '1.4.9' })).toBe('too_old_here');

  await desk.sign('2.0.0', '--allow-downgrade');
  expect(onPc(desk, { installed: '3.0.0' })).toMatchObject({ ...PLAIN, serial: 3, allow_downgrade: true });

  await desk.sign('2.0.0', '--channel', 'pilot');
  expect(onPc(desk, { channel: 'pilot' })).toMatchObject({ ...PLAIN, serial: 4, channel: 'pilot' });
  expect(onPc(desk)).toBe('other_channel');

  await desk.sign('2.0.0', '--days', '1');
  expect(onPc(desk)).toMatchObject({ ...PLAIN, serial: 5 });
  expect(onPc(desk, { nowMs: Date.now() + DAY_MS })).toBe('expired');

  // Back to it from above, but not from everywhere.
  await desk.sign('2.0.0', '--allow-downgrade', '--min-from', '2.5.0');
  expect(onPc(desk, { installed: '3.0.0' })).toMatchObject({ min_from: '2.5.0', allow_downgrade: true });
  expect(onPc(desk, { installed: '1.0.0' })).toBe('too_old_here');
});

test('keys, rotate and revoke: --days says how long a list is good, and --floor below which number nothing is taken', async () => {
  const desk = await releaseDesk('--days', '400');
  const first = listOf(desk);
  expect([first.expires - first.created, first.floor]).toEqual([400 * DAY_MS, 0]);
  await desk.sign('2.0.0');
  await desk.release('rotate', '--recovery', desk.recovery, '--recovery-key', '--floor', '50', '--days', '500');
  const second = listOf(desk, 2);
  expect([second.expires - second.created, second.floor]).toEqual([500 * DAY_MS, 50]);
  expect(onPc(desk, { keys: second })).toBe('older');
  expect(await desk.sign('2.0.0')).toContain('Manifest 50:');
  expect(onPc(desk, { keys: second })).toMatchObject({ serial: 50 });
  const [key = { id: '' }] = second.release.keys;
  const revoke = ['revoke', '--recovery', desk.recovery, '--key', key.id.slice(0, 16)];
  expect(await desk.refused(...revoke, '--floor', '49')).toContain('--floor must be 50 or more, not 49.');
  await desk.release(...revoke, '--floor', '60', '--days', '30');
  const third = listOf(desk, 3);
  expect([third.expires - third.created, third.floor]).toEqual([30 * DAY_MS, 60]);
});

test('a wrong value is refused by the name of its option, and changes nothing', async () => {
  const desk = await releaseDesk();
  const missing = join(desk.dir, 'missing');
  const rotate = ['rotate', '--recovery', desk.recovery];
  const publish = ['publish', '--server', 'nats://127.0.0.1:1'];
  const wrong: readonly (readonly [args: readonly string[], said: string])[] = [
    [desk.signing('2.0.0', '--min-from', 'two'), "This can't be signed: --min-from."],
    [desk.signing('2.0.0', '--min-from', '3.0.0'), '--min-from 3.0.0 is above --version 2.0.0: no PC would take that.'],
    [desk.signing('2.0.0', '--channel', 'Pilot 2'), "This can't be signed: --channel."],
    [desk.signing('2'), "This can't be signed: --version."],
    [desk.signing('2.0.0', '--days', '0'), '--days must be 1 or more, not 0.'],
    [desk.signing('2.0.0', '--days', '1e3'), '--days is no whole number: 1e3.'],
    [desk.signing('2.0.0', '--days', '36501'), '--days must be 36500 or less, not 36501.'],
    [desk.signing('2.0.0', '--allow-downgrade=yes'), "Option '--allow-downgrade' does not take an argument"],
    [['sign', '--file', missing, '--version', '2.0.0'], `--file: ${missing} can't be read (ENOENT).`],
    [[...rotate, '--floor', 'high'], '--floor is no whole number: high.'],
    [[...rotate, '--days', '-1'], '--days'],
    [[...rotate, '--threshold', '2'], '--threshold must be 1 or less, not 2.'],
    [[...rotate, '--name', '<b>'], "--name can't be used"],
    [[...publish, '--creds', missing], `--creds: ${missing} can't be read (ENOENT).`],
    [[...publish, '--user', 'it', '--password-file', missing], `--password-file: ${missing} can't be read (ENOENT).`],
    [[...publish, '--user', 'it'], '--password-file is missing.'],
    [[...publish, '--password-file', desk.file], '--user is missing.'],
    [[...publish, '--ca', missing], `--ca: ${missing} can't be read (ENOENT).`],
    [[...publish, '--file', desk.file], `There is no ${desk.file}.manifest: make it with "sign".`],
    [['publish'], '--server is missing.'],
  ];
  for (const [args, said] of wrong) expect(await desk.refused(...args)).toContain(said);
  expect(() => listOf(desk, 2)).toThrow('ENOENT');
  expect(await desk.sign('2.0.0')).toContain('Manifest 1:');
});

const MANIFEST = '2.0.0-electron-linux-x86_64.manifest';

async function sizeOf(nc: NatsConnection, object: string): Promise<number> {
  const store = await new Objm(nc).open('agent_releases');
  return (await store.info(object))?.size ?? 0;
}

test('publish signs in with --user and --password-file', async () => {
  const config = 'authorization { user: it, password: "a word" }';
  const server = await startNatsServer({ config });
  const nc = await provisionedOperator(server, { user: 'it', pass: 'a word' });
  const desk = await releaseDesk();
  await desk.sign('2.0.0');
  const [right, other] = [join(tempDir(), 'password'), join(tempDir(), 'password')];
  writeFileSync(right, 'a word\n');
  writeFileSync(other, 'another\n');
  const publish = ['publish', '--server', server.url, '--file', desk.file];
  for (const signIn of [[], ['--user', 'it', '--password-file', other], ['--user', 'me', '--password-file', right]])
    expect(await desk.refused(...publish, ...signIn)).toMatch(/^No connection to nats:\S+: .*Authorization/i);
  expect(await desk.release(...publish, '--user', 'it', '--password-file', right)).toContain(`Published ${MANIFEST}`);
  expect(await sizeOf(nc, MANIFEST)).toBe(readFileSync(`${desk.file}.manifest`).length);
});

test('publish signs in with --creds', async () => {
  const [fleet, foreign] = [jwtFleet({ jetStream: true }), jwtFleet()];
  const server = await startNatsServer({ config: fleet.config });
  const authenticator = credsAuthenticator(Buffer.from(fleet.creds('operator')));
  const nc = await provisionedOperator(server, { authenticator });
  const desk = await releaseDesk();
  await desk.sign('2.0.0');
  const [right, other, none] = ['right', 'other', 'none'].map((name) => join(desk.dir, `${name}.creds`));
  writeFileSync(right ?? '', fleet.creds('it'));
  writeFileSync(other ?? '', foreign.creds('it'));
  writeFileSync(none ?? '', 'these are no credentials\n');
  const publish = ['publish', '--server', server.url, '--file', desk.file, '--creds'];
  expect(await desk.refused(...publish, other ?? '')).toMatch(/^No connection to nats:\S+: .*Authorization/i);
  expect(await desk.refused(...publish, none ?? '')).toContain("--creds can't be used");
  expect(await desk.release(...publish, right ?? '')).toContain(`Published ${MANIFEST}`);
  expect(await sizeOf(nc, MANIFEST)).toBe(readFileSync(`${desk.file}.manifest`).length);
});
