/** A PC with Windows whose service brings itself to the version that IT wants; each test goes on where the last one ended. */
import { readFileSync } from 'node:fs';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Release } from '../../src/agent/update/manifest.ts';
import { releaseObjects } from '../../src/agent/update/release-names.ts';
import { type CurrentVersion, currentIn, writeCurrent } from '../../src/base/current-version.ts';
import { eventually } from '../../test/support/eventually.ts';
import { command, countStored, publishCommand, putKey, waitForResult } from '../../test/support/fleet.ts';
import { testRelease, testTrust } from '../../test/support/releases.ts';
import { makeKey, sealRelease } from '../../tools/release/documents.ts';
import { installed } from './expected.ts';
import { operatorOfFile, versionsHeard } from './fleet-of-file.ts';
import { type Build, broken, current, next } from './pc.ts';
import { pcAndBroker } from './pc-and-broker.ts';

const PC_ID = 'PC-W9';
const MINE = `commands.pc.${PC_ID}`;
const TARGET = { platform: 'windows', arch: 'x86_64' } as const;
const LOGS = 'C:\\ProgramData\\Kanade\\logs';
/** What is unpacked is some 100 MB, and wine takes its time. */
const WITHIN_MS = 300_000;
const EVERY_MS = 500;
const TEST_MS = 600_000;

const here = pcAndBroker();
const { pc } = here;
const trust = testTrust({ expires: Date.parse('2099-01-01T00:00:00Z') });
let nc: NatsConnection;
let heard: string[] = [];
let serial = 0;

beforeAll(async () => {
  nc = await operatorOfFile(here.broker);
  heard = versionsHeard(nc, PC_ID);
});

afterAll(() => nc.close());

/** Signs and publishes it as `npm run release` does, and wants it there. */
async function offer({ version, update }: Build, changes: Partial<Release> = {}, key = trust.online): Promise<void> {
  serial += 1;
  const names = releaseObjects(version, TARGET);
  const body = readFileSync(update);
  const bucket = await new Objm(nc).open('agent_releases');
  await bucket.putBlob({ name: names.package }, body);
  const release = testRelease(trust.keys, body, {
    ...TARGET,
    version,
    object: names.package,
    serial,
    expires: Date.parse('2098-01-01T00:00:00Z'),
    unpacked_size: 900_000_000,
    ...changes,
  });
  await bucket.putBlob({ name: names.manifest }, sealRelease(release, [key]));
  await putKey(nc, 'agent_config', 'global', { target_version: version });
}

function counting(): CurrentVersion | null {
  const file = `${pc.root}\\private\\current.json`;
  return pc.has(file) ? currentIn(pc.read(file)) : null;
}

/** What the agents of this PC have said, of all versions. */
function agentLog(): string {
  return pc
    .files(LOGS)
    .filter((name) => name.startsWith('agent.'))
    .map((name) => pc.read(`${LOGS}\\${name}`))
    .join('');
}

function newestSetupLog(): string {
  const name = pc
    .files(LOGS)
    .filter((each) => each.startsWith('kanade-tray-install-'))
    .toSorted()
    .at(-1);
  return name === undefined ? '' : pc.read(`${LOGS}\\${name}`);
}

async function runs(text: string): Promise<void> {
  const id = await publishCommand(nc, MINE, command({ shell: 'cmd', script: `echo ${text}` }));
  const result = await waitForResult(nc, id, { timeoutMs: WITHIN_MS });
  expect(result.stdout.trim()).toBe(text);
  expect(await countStored(nc, 'RESULTS', `results.${id}`)).toBe(1);
}

const counts = (version: string) => eventually(() => expect(counting()).toEqual({ version }), WITHIN_MS, EVERY_MS);

it('a signed version is fetched, tried, put into its place by its own set-up, and counts once it was on the air', {
  timeout: TEST_MS,
}, async () => {
  const config = pc.put('C:\\it\\install.toml', `[agent]\nnats_url = "${here.broker.url}"\nid = "${PC_ID}"\n`);
  expect((await pc.install(current, `/CONFIG=${config} /CHECK=strict /NOSTART=1`)).code).toBe(0);
  const settings = 'C:\\ProgramData\\Kanade\\config\\agent.toml';
  pc.put('C:\\ProgramData\\Kanade\\config\\update-keys.json', trust.pin.toString());
  pc.put(settings, `${pc.read(settings)}\n[update]\nkeys_file = "update-keys.json"\n`);
  await pc.run('sc.exe', 'start KanadeTrayAgent');
  await eventually(() => expect(heard).toEqual([current.version]), WITHIN_MS, EVERY_MS);
  await offer(next);
  await counts(next.version);
  expect(heard).toEqual([current.version, next.version]);
  expect(pc.versions.filter((name) => !name.startsWith('.'))).toEqual([current.version, next.version]);
  await eventually(async () => expect(await installed(pc, next)).toEqual([]), WITHIN_MS, EVERY_MS);
  await runs('after an update');
});

it('what nobody has signed whose keys count is not even unpacked', { timeout: TEST_MS }, async () => {
  await offer({ ...current, version: '9.1.5' }, {}, makeKey());
  await eventually(
    () => expect(agentLog()).toMatch(/state=refused reason=signature .*wanted=9\.1\.5/),
    WITHIN_MS,
    EVERY_MS,
  );
  expect(counting()).toEqual({ version: next.version });
  expect(pc.versions.filter((name) => name.startsWith('.staged'))).toEqual([]);
});

it('a version that does not start is taken back by its set-up, and commands go on', {
  timeout: TEST_MS,
}, async () => {
  await offer(broken);
  await eventually(() => expect(agentLog()).toContain('a version was taken back'), WITHIN_MS, EVERY_MS);
  await counts(next.version);
  await runs('still here');
  expect(heard.at(-1)).toBe(next.version);
  expect(await installed(pc, next)).toEqual([]);
});

it('one that does not start later on is taken back by the service after three starts', {
  timeout: TEST_MS,
}, async () => {
  await putKey(nc, 'agent_config', 'global', { target_version: next.version });
  await pc.run('sc.exe', 'stop KanadeTrayAgent');
  await eventually(async () => expect(await pc.serviceState()).toBe('STOPPED'), WITHIN_MS, EVERY_MS);
  // As a power loss after the set-up leaves it; nothing is left of the version itself.
  const starts = `${pc.root}\\private\\starts`;
  const trial = { before: next.version, serial: 77, manifest: '7'.repeat(64) };
  writeCurrent(pc.path(`${pc.root}\\private\\current.json`), { version: '9.9.9', trial });
  writeCurrent(pc.path(`${pc.root}\\current.json`), { version: '9.9.9' });
  for (let start = 1; start <= 3; start++) {
    await pc.run('sc.exe', 'start KanadeTrayAgent');
    await eventually(() => expect(pc.has(starts) ? pc.read(starts) : '').toBe('.'.repeat(start)), WITHIN_MS, EVERY_MS);
    await eventually(async () => expect(await pc.serviceState()).toBe('STOPPED'), WITHIN_MS, EVERY_MS);
  }
  await pc.run('sc.exe', 'start KanadeTrayAgent');
  await counts(next.version);
  expect(agentLog()).toContain('9.9.9');
  await eventually(async () => expect(await installed(pc, next)).toEqual([]), WITHIN_MS, EVERY_MS);
  await runs('back again');
});

it('where the power goes in the middle, a version runs, and the update comes in the end', {
  timeout: TEST_MS,
}, async () => {
  // Back to an older one, as far as that is signed.
  await offer(current, { allow_downgrade: true });
  const isHandedOver = `the set-up of the new version goes on version=${current.version}`;
  await eventually(() => expect(agentLog()).toContain(isHandedOver), WITHIN_MS, 50);
  await pc.powerOff();
  // The set-up that goes on by itself had not come to its end.
  expect(newestSetupLog()).not.toContain('ends with');
  expect([current.version, next.version]).toContain(counting()?.version);
  await eventually(async () => expect(await pc.serviceState()).toBe('RUNNING'), WITHIN_MS, EVERY_MS);
  await counts(current.version);
  await eventually(async () => expect(await installed(pc, current)).toEqual([]), WITHIN_MS, EVERY_MS);
  await runs('after all');
});
