import { jetstream } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, onTestFinished, test, vi } from 'vitest';
import { agentBus, configCell, during } from '../../../test/support/duties.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { operator, provisionedOperator } from '../../../test/support/fleet.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { CREATED_MS, DAY_MS, publicKey, TARGET, testRelease, testTrust } from '../../../test/support/releases.ts';
import { ManualClock } from '../../../test/support/status.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { makeKey, sealKeys, sealRelease } from '../../../tools/release/documents.ts';
import { silentLogger } from '../../base/logger.ts';
import { until } from '../../base/watched.ts';
import type { UpdateReason } from '../../shared/update-reasons.ts';
import type { Bus } from '../bus/bus.ts';
import type { Store } from '../store/store.ts';
import type { Pin } from '../update/key-ring.ts';
import { keyListObject } from '../update/keys.ts';
import type { Release } from '../update/manifest.ts';
import { releaseObjects } from '../update/release-names.ts';
import { startUpdateWatch } from './update-watch.ts';

const HOST = { osFamily: TARGET.platform, programArch: TARGET.arch };
const NAMES = releaseObjects('2.0.0', TARGET);
const PACKAGE = Buffer.from('the package');
const { online, recovery, keys } = testTrust({ expires: Date.parse('2099-01-01T00:00:00Z') });
const LASTING = { expires: Date.parse('2098-01-01T00:00:00Z') };

interface StartOptions {
  readonly pin?: Pin;
  readonly store?: Store;
  readonly installed?: string;
  readonly nowMs?: number;
}

function start(bus: Bus, targetVersion: string | null, options: StartOptions = {}) {
  const { pin = { kind: 'pinned', keys }, store = testStore(tempDir()), installed = '1.0.0', nowMs } = options;
  const config = configCell({ targetVersion });
  const clock = new ManualClock();
  clock.atMs = nowMs ?? CREATED_MS + DAY_MS;
  const seen = store.seenUpdates;
  const watching = { bus, config, seen, pin, installed, channel: 'stable', host: HOST, clock, log: silentLogger };
  const watch = startUpdateWatch(watching);
  return { config, watch: during(watch), status: watch.status, store };
}

async function put(nc: NatsConnection, name: string, body: Uint8Array): Promise<void> {
  const store = await new Objm(jetstream(nc)).open('agent_releases');
  await store.putBlob({ name }, body);
}

const manifest = (changes: Partial<Release> = {}) =>
  sealRelease(testRelease(keys, PACKAGE, { ...LASTING, ...changes }), [online]);
const view = (state: string, reason: UpdateReason | null, wanted = '2.0.0') => ({
  state,
  installed: '1.0.0',
  wanted,
  reason,
  release: null,
});
const available = {
  ...view('available', null),
  release: {
    signedBy: ['Release'],
    sizeBytes: PACKAGE.length,
    createdAtMs: CREATED_MS,
    expiresAtMs: LASTING.expires,
  },
};
const none = { ...view('none', null), wanted: null };

/** A broker in memory with the signed release, and what is changed of it. */
function bucket(changes: Readonly<Record<string, Uint8Array | null>> = {}): FakeBus {
  const bus = new FakeBus();
  const objects = { [NAMES.package]: PACKAGE, [NAMES.manifest]: manifest(), ...changes };
  for (const [name, body] of Object.entries(objects)) {
    if (body !== null) bus.objects.set(name, { kind: 'value', body });
  }
  return bus;
}

const settled = (state: ReturnType<typeof start>['status'], reason: UpdateReason | null) =>
  until(
    state,
    (now) => now.reason === reason && (reason !== null || now.state === 'available'),
    AbortSignal.timeout(10_000),
  );

test('from a real broker: the original’s program, then ours without a package, then all of it', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await agentBus(server, 'PC-A');
  await put(nc, '2.0.0-linux-x86_64', PACKAGE);
  const { config, status } = start(bus, '2.0.0');
  await settled(status, 'original');
  expect(status.value).toEqual(view('wanted_not_ours', 'original'));
  await put(nc, NAMES.manifest, manifest());
  bus.reconnect();
  await settled(status, 'package_missing');
  expect(status.value).toEqual(view('refused', 'package_missing'));
  await put(nc, NAMES.package, PACKAGE);
  bus.reconnect();
  await settled(status, null);
  expect(status.value).toEqual(available);
  config.set({ ...config.value, targetVersion: '3.0.0' });
  await settled(status, 'nothing');
  expect(status.value).toEqual(view('wanted_not_ours', 'nothing', '3.0.0'));
  expect(server.log).not.toContain('Violation');
});

const WRONG: readonly [what: string, bus: FakeBus, state: string, reason: UpdateReason, options?: StartOptions][] = [
  ['no keys are pinned', bucket(), 'wanted_not_ours', 'no_keys', { pin: { kind: 'none' } }],
  ['the pinned keys are unusable', bucket(), 'refused', 'keys_unusable', { pin: { kind: 'unusable', why: 'x' } }],
  ['there is only a package', bucket({ [NAMES.manifest]: null }), 'wanted_not_ours', 'nothing'],
  ['the package has another length', bucket({ [NAMES.package]: Buffer.from('x') }), 'refused', 'package'],
  ['the package has another content', bucket({ [NAMES.package]: Buffer.from('THE package') }), 'refused', 'package'],
  [
    'a stranger has signed',
    bucket({ [NAMES.manifest]: sealRelease(testRelease(keys, PACKAGE), [makeKey()]) }),
    'refused',
    'signature',
  ],
  ['it is a program', bucket({ [NAMES.manifest]: Buffer.from('\x7fELF') }), 'refused', 'unreadable'],
  ['it has expired', bucket(), 'refused', 'expired', { nowMs: LASTING.expires }],
  ['it is older than what runs', bucket(), 'refused', 'downgrade', { installed: '2.1.0' }],
];

test.each(WRONG)('it is said when %s', async (_what, bus, state, reason, options) => {
  const { status } = start(bus, '2.0.0', options);
  await settled(status, reason);
  expect(status.value).toMatchObject({ state, reason, release: null });
});

test('after a newer one was seen an older one is refused, also by the next process', async () => {
  const directory = tempDir();
  const first = start(bucket({ [NAMES.manifest]: manifest({ serial: 11 }) }), '2.0.0', { store: testStore(directory) });
  await settled(first.status, null);
  first.watch.close();
  await first.store.close();
  const { status } = start(bucket(), '2.0.0', { store: testStore(directory) });
  await settled(status, 'older');
  expect(status.value).toEqual(view('refused', 'older'));
});

test('a key that the recovery key has withdrawn counts no more, also where the list is hidden later', async () => {
  const directory = tempDir();
  const fresh = makeKey();
  const second = { ...keys, version: 2, release: { keys: [publicKey(fresh, 'New')], threshold: 1 } };
  const list = { [keyListObject(2)]: sealKeys(second, [recovery]) };
  const first = start(bucket(list), '2.0.0', { store: testStore(directory) });
  await settled(first.status, 'signature');
  first.watch.close();
  await first.store.close();
  const hidden = start(bucket(), '2.0.0', { store: testStore(directory) });
  await settled(hidden.status, 'signature');
  const signed = sealRelease(testRelease(keys, PACKAGE, LASTING), [fresh]);
  const { status } = start(bucket({ [NAMES.manifest]: signed }), '2.0.0', { store: hidden.store });
  await settled(status, null);
  expect(status.value.release?.signedBy).toEqual(['New']);
});

test('a clock of the PC that is set back makes no expired release good, where the broker tells the time', async () => {
  const bus = bucket();
  bus.serverMs = LASTING.expires;
  const { status } = start(bus, '2.0.0');
  await settled(status, 'expired');
  expect(status.value).toEqual(view('refused', 'expired'));
});

test('what somebody puts in the place of the next key list holds nothing up', async () => {
  const { status } = start(bucket({ [keyListObject(2)]: Buffer.from('rubbish') }), '2.0.0');
  await settled(status, null);
  expect(status.value).toEqual(available);
});

test('without a wanted version, or with the running one, nobody is asked', async () => {
  const server = await startNatsServer();
  const bus = await agentBus(server, 'PC-A');
  const objectGet = vi.spyOn(bus, 'objectGet');
  const { config, status } = start(bus, null);
  expect(status.value).toEqual(none);
  config.set({ ...config.value, targetVersion: '1.0.0' });
  expect(status.value).toEqual(none);
  bus.reconnect();
  await until(bus.link, ({ state }) => state === 'unreachable');
  await until(bus.link, ({ state }) => state === 'connected');
  expect(objectGet).not.toHaveBeenCalled();
  config.set({ ...config.value, targetVersion: '2.0.0' });
  expect(status.value).toMatchObject({ state: 'wanted_not_ours', wanted: '2.0.0' });
  config.set({ ...config.value, targetVersion: null });
  expect(status.value).toEqual(none);
});

test('while the broker is away what was found stays', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await put(nc, NAMES.package, PACKAGE);
  await put(nc, NAMES.manifest, manifest());
  const bus = await agentBus(server, 'PC-A');
  const { status } = start(bus, '2.0.0');
  await settled(status, null);
  await server.stop();
  await until(bus.link, ({ state }) => state === 'unreachable');
  expect(status.value).toEqual(available);
});

test('while it is wanted the store is looked at again and again', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const bus = bucket({ [NAMES.package]: null });
  const { status } = start(bus, '2.0.0');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(status.value).toEqual(view('refused', 'package_missing'));
  bus.objects.set(NAMES.package, { kind: 'value', body: PACKAGE });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(status.value).toEqual(view('refused', 'package_missing'));
  await vi.advanceTimersByTimeAsync(7 * 60_000);
  expect(status.value).toEqual(available);
});

test('a fleet without the object store has nothing for us', async () => {
  const server = await startNatsServer();
  const { status } = start(await agentBus(server, 'PC-A'), '2.0.0');
  await settled(status, 'nothing');
  expect(status.value).toEqual(view('wanted_not_ours', 'nothing'));
});

test.each(['../../etc/passwd', 'a b', '', '*', '>', 'x'.repeat(5_000), '日本'])(
  'a label like %j is shown as not ours, is put into no subject, and the link lives on',
  async (label) => {
    const server = await startNatsServer();
    const nc = await operator(server);
    const asked = vi.fn();
    nc.subscribe('$JS.API.STREAM.MSG.GET.>', { callback: asked });
    await nc.flush();
    const bus = await agentBus(server, 'PC-A');
    const objectGet = vi.spyOn(bus, 'objectGet');
    const { config, status } = start(bus, label);
    await settled(status, 'nothing');
    expect(status.value).toEqual(view('wanted_not_ours', 'nothing', label));
    expect(objectGet).not.toHaveBeenCalled();
    config.set({ ...config.value, targetVersion: '2.0.0' });
    await eventually(() => expect(asked).toHaveBeenCalled());
    expect(bus.link.value.state).toBe('connected');
  },
);
