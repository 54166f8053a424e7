import { expect, onTestFinished, test, vi } from 'vitest';
import { agentBus, ask, configCell, during } from '../../../test/support/duties.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { lastStored, provisionedOperator } from '../../../test/support/fleet.ts';
import { pcIdOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import type { HardwareFacts } from '../../platform/hardware/types.ts';
import type { Bus } from '../bus/bus.ts';
import { Shipper } from '../ship/shipper.ts';
import { type InventoryOptions, startInventory } from './inventory.ts';

const FACTS: HardwareFacts = {
  osName: 'Debian GNU/Linux 12 (bookworm)',
  osVersion: '12',
  osBuild: null,
  cpuModel: 'AMD EPYC',
  cpuCores: 2,
  ramBytes: 17_179_869_184,
  disks: [{ deviceId: '/dev/vda', sizeBytes: 2 ** 38, freeBytes: 2 ** 37, fileSystem: 'ext4' }],
  unread: [],
};
const HOUR_MS = 3_600_000;
const SUBJECT = 'inventory.PC-A.hw';
const REQUEST = 'request.inventory.PC-A';

function start(bus: Bus, outbox: InventoryOptions['outbox'], more: Partial<InventoryOptions>): void {
  during(
    startInventory({
      pcId: pcIdOf('PC-A'),
      hostname: 'pc-a',
      bus,
      outbox,
      nudge: () => {},
      enabled: true,
      admits: () => true,
      config: configCell(),
      readHardware: async () => FACTS,
      clock: systemClock,
      log: silentLogger,
      ...more,
    }),
  );
}

async function stage(more: Partial<InventoryOptions> = {}) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await agentBus(server, 'PC-A');
  const store = testStore(tempDir());
  const config = configCell({ inventoryIntervalMs: 24 * HOUR_MS, inventoryJitterMs: 0 });
  const nudge = vi.fn();
  const readHardware = vi.fn(async () => FACTS);
  start(bus, store.outbox, { config, nudge, readHardware, ...more });
  const queued = () => store.outbox.waiting(false, 10);
  return { server, nc, bus, store, config, nudge, readHardware, queued };
}

test('one is queued at start, as the fleet reads it, and whoever delivers is told', async () => {
  const { queued, nudge } = await stage();
  await eventually(() => expect(queued()).toHaveLength(1));
  expect(queued()[0]).toMatchObject({ kind: 'inventory', subject: SUBJECT });
  expect(JSON.parse(String(queued()[0]?.body))).toEqual({
    pc_id: 'PC-A',
    hostname: 'pc-a',
    os_name: 'Debian GNU/Linux 12 (bookworm)',
    os_version: '12',
    os_build: null,
    cpu_model: 'AMD EPYC',
    cpu_cores: 2,
    ram_bytes: 17_179_869_184,
    disks: [{ device_id: '/dev/vda', size_bytes: 2 ** 38, free_bytes: 2 ** 37, file_system: 'ext4' }],
    collected_at: expect.stringMatching(/^\d{4}-/),
  });
  expect(nudge).toHaveBeenCalledOnce();
});

test('a request is answered when a new one is queued, and it reaches the stream', async () => {
  const { nc, bus, store, queued } = await stage();
  expect(await ask(nc, REQUEST, 'anything')).toBe('ok');
  expect(queued()).toHaveLength(1);
  const shipper = new Shipper({
    outbox: store.outbox,
    bus,
    clock: systemClock,
    log: silentLogger,
    drainPerSecond: 0,
    onFailure() {},
  });
  shipper.start();
  await eventually(async () => expect(await lastStored(nc, 'INVENTORY', SUBJECT)).toBeDefined());
  await shipper.stop();
});

test('each new one replaces the one that waits', async () => {
  const { nc, queued } = await stage();
  expect(await ask(nc, REQUEST)).toBe('ok');
  const [first] = queued();
  expect(await ask(nc, REQUEST)).toBe('ok');
  expect(queued()).toHaveLength(1);
  expect(queued()[0]?.id).not.toBe(first?.id);
});

test('requests that come together share one look at the hardware', async () => {
  const looked = vi.fn();
  const { promise, resolve } = Promise.withResolvers<HardwareFacts>();
  const { nc } = await stage({
    readHardware: () => {
      looked();
      return promise;
    },
  });
  const answers = [ask(nc, REQUEST), ask(nc, REQUEST), ask(nc, REQUEST)];
  await eventually(() => expect(looked).toHaveBeenCalled());
  resolve(FACTS);
  expect(await Promise.all(answers)).toEqual(['ok', 'ok', 'ok']);
});

test('changed settings bring one at once, other changes do not; off means off until it is on again', async () => {
  const { config, readHardware, nc } = await stage();
  await eventually(() => expect(readHardware).toHaveBeenCalledTimes(1));
  config.set({ ...config.value, heartbeatIntervalMs: 5_000 });
  config.set({ ...config.value, inventoryIntervalMs: 12 * HOUR_MS });
  await eventually(() => expect(readHardware).toHaveBeenCalledTimes(2));
  config.set({ ...config.value, inventoryEnabled: false });
  expect(await ask(nc, REQUEST)).toBe('error: the inventory is switched off');
  expect(readHardware).toHaveBeenCalledTimes(2);
  config.set({ ...config.value, inventoryEnabled: true });
  await eventually(() => expect(readHardware).toHaveBeenCalledTimes(3));
});

test('the next one comes after the interval and the jitter, and never more often than once a minute', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const config = configCell({ inventoryIntervalMs: HOUR_MS, inventoryJitterMs: HOUR_MS });
  const readHardware = vi.fn(async () => FACTS);
  start(new FakeBus(), { put: async () => {} }, { config, readHardware });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(readHardware).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(HOUR_MS - 10_000);
  expect(readHardware).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(HOUR_MS + 20_000);
  expect(readHardware).toHaveBeenCalledTimes(2);
  config.set({ ...config.value, inventoryIntervalMs: 0, inventoryJitterMs: 0 });
  await vi.advanceTimersByTimeAsync(59_000);
  expect(readHardware).toHaveBeenCalledTimes(3);
  config.set({ ...config.value, inventoryIntervalMs: Number.MAX_SAFE_INTEGER });
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(readHardware).toHaveBeenCalledTimes(4);
});

test('switched off on this PC it stays off, whatever the fleet says', async () => {
  const { nc, readHardware } = await stage({ enabled: false });
  expect(await ask(nc, REQUEST)).toBe('error: the inventory is switched off');
  expect(readHardware).not.toHaveBeenCalled();
});

test('hardware that can not be read is the answer, and it is tried again at the next request', async () => {
  let fails = true;
  const { nc } = await stage({
    readHardware: async () => {
      if (fails) throw new Error('PowerShell gave no answer', { cause: new Error('access denied') });
      return FACTS;
    },
  });
  expect(await ask(nc, REQUEST)).toBe('error: PowerShell gave no answer: access denied');
  fails = false;
  expect(await ask(nc, REQUEST)).toBe('ok');
});

test('one that fails by itself is tried again long before its next turn', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const readHardware = vi.fn<InventoryOptions['readHardware']>().mockRejectedValueOnce(new Error('busy'));
  const put = vi.fn(async () => {});
  start(new FakeBus(), { put }, { readHardware: readHardware.mockResolvedValue(FACTS) });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(put).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(put).toHaveBeenCalledOnce();
});

test('a disk that is full at the start is no switch: one comes when the store takes it', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let full = true;
  const put = vi.fn(async () => {});
  const readHardware = vi.fn(async () => FACTS);
  start(new FakeBus(), { put }, { admits: () => !full, readHardware });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(readHardware).not.toHaveBeenCalled();
  full = false;
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(put).toHaveBeenCalledOnce();
});

test('who asks on a full disk is told so, and has one once there is room', async () => {
  let full = true;
  const { nc } = await stage({ admits: () => !full });
  expect(await ask(nc, REQUEST)).toBe('error: the store takes nothing at present');
  full = false;
  expect(await ask(nc, REQUEST)).toBe('ok');
});
