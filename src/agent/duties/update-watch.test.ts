import { jetstream } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, onTestFinished, test, vi } from 'vitest';
import { agentBus, configCell, during } from '../../../test/support/duties.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { operator, provisionedOperator } from '../../../test/support/fleet.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { silentLogger } from '../../base/logger.ts';
import { until } from '../../base/watched.ts';
import type { Bus } from '../bus/bus.ts';
import { releaseObjects, startUpdateWatch } from './update-watch.ts';

const HOST = { osFamily: 'linux', programArch: 'x86_64' };
const [OBJECT, SIGNATURE] = releaseObjects('2.0.0', HOST);

function start(bus: Bus, targetVersion: string | null) {
  const config = configCell({ targetVersion });
  const objectsPresent = vi.spyOn(bus, 'objectsPresent');
  const watch = during(startUpdateWatch({ bus, config, installed: '1.0.0', host: HOST, log: silentLogger }));
  return { config, status: watch.status, objectsPresent };
}

async function put(nc: NatsConnection, name: string): Promise<void> {
  const store = await new Objm(jetstream(nc)).open('agent_releases');
  await store.putBlob({ name }, Buffer.from('x'));
}

const waiting = { state: 'waiting', installed: '1.0.0', wanted: '2.0.0' };
const notOurs = { state: 'wanted_not_ours', installed: '1.0.0', wanted: '2.0.0' };
const none = { state: 'none', installed: '1.0.0', wanted: null };

test('our object and its signature together make it waiting; nothing else does', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await agentBus(server, 'PC-A');
  for (const name of ['2.0.0', '2.0.0-linux-x86_64', releaseObjects('2.0.0', { ...HOST, programArch: 'aarch64' })[0]]) {
    await put(nc, name);
  }
  const { config, status, objectsPresent } = start(bus, '2.0.0');
  expect(status.value).toEqual(notOurs);
  const looked = async (times: number) => {
    await eventually(() => expect(objectsPresent).toHaveBeenCalledTimes(times));
    await objectsPresent.mock.results.at(-1)?.value;
  };
  await looked(1);
  expect(status.value).toEqual(notOurs);
  await put(nc, OBJECT);
  bus.reconnect();
  await looked(2);
  expect(status.value).toEqual(notOurs);
  await put(nc, SIGNATURE);
  bus.reconnect();
  await until(status, ({ state }) => state === 'waiting', AbortSignal.timeout(5_000));
  expect(status.value).toEqual(waiting);
  config.set({ ...config.value, targetVersion: '3.0.0' });
  expect(status.value).toEqual({ ...notOurs, wanted: '3.0.0' });
});

test('without a wanted version, or with the running one, nobody is asked', async () => {
  const server = await startNatsServer();
  const bus = await agentBus(server, 'PC-A');
  const { config, status, objectsPresent } = start(bus, null);
  expect(status.value).toEqual(none);
  config.set({ ...config.value, targetVersion: '1.0.0' });
  expect(status.value).toEqual(none);
  bus.reconnect();
  await until(bus.link, ({ state }) => state === 'unreachable');
  await until(bus.link, ({ state }) => state === 'connected');
  expect(objectsPresent).not.toHaveBeenCalled();
  config.set({ ...config.value, targetVersion: '2.0.0' });
  expect(status.value).toEqual(notOurs);
  config.set({ ...config.value, targetVersion: null });
  expect(status.value).toEqual(none);
});

test('while the broker is away what was found stays', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await put(nc, OBJECT);
  await put(nc, SIGNATURE);
  const bus = await agentBus(server, 'PC-A');
  const { status } = start(bus, '2.0.0');
  await until(status, ({ state }) => state === 'waiting', AbortSignal.timeout(5_000));
  await server.stop();
  await until(bus.link, ({ state }) => state === 'unreachable');
  expect(status.value).toEqual(waiting);
});

test('while it is wanted the store is looked at again and again', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const bus = new FakeBus();
  const { status, objectsPresent } = start(bus, '2.0.0');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(objectsPresent).toHaveBeenCalledTimes(1);
  for (const name of [OBJECT, SIGNATURE]) bus.objects.set(name, { kind: 'value', body: new Uint8Array() });
  await vi.advanceTimersByTimeAsync(7 * 60_000);
  expect(status.value).toEqual(waiting);
  bus.objects.clear();
  await vi.advanceTimersByTimeAsync(7 * 60_000);
  expect(status.value).toEqual(notOurs);
});

test('a fleet without the object store has nothing for us', async () => {
  const server = await startNatsServer();
  const { status, objectsPresent } = start(await agentBus(server, 'PC-A'), '2.0.0');
  await eventually(() => expect(objectsPresent).toHaveBeenCalled());
  await objectsPresent.mock.results[0]?.value;
  expect(status.value).toEqual(notOurs);
});

test.each(['../../etc/passwd', 'a b', '', '*', '>', 'x'.repeat(5_000), '日本'])(
  'a label like %j is shown as not ours, is put into no subject, and the link lives on',
  async (label) => {
    const server = await startNatsServer();
    const nc = await operator(server);
    const asked = vi.fn();
    nc.subscribe('$JS.API.>', { callback: asked });
    await nc.flush();
    const bus = await agentBus(server, 'PC-A');
    const { config, status, objectsPresent } = start(bus, label);
    expect(status.value).toEqual({ ...notOurs, wanted: label });
    // A usable one after it shows that the look at the other is over.
    config.set({ ...config.value, targetVersion: '2.0.0' });
    await eventually(() => expect(objectsPresent).toHaveBeenCalledTimes(1));
    expect(objectsPresent).toHaveBeenCalledWith('agent_releases', [OBJECT, SIGNATURE]);
    expect(bus.link.value.state).toBe('connected');
  },
);
