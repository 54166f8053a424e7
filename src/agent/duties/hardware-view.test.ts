import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../../test/support/status.ts';
import { silentLogger } from '../../base/logger.ts';
import type { HardwareFacts } from '../../platform/hardware/types.ts';
import { HardwareView } from './hardware-view.ts';

const FACTS: HardwareFacts = {
  osName: 'Windows 11',
  osVersion: '10.0.26100',
  osBuild: null,
  cpuModel: 'A processor',
  cpuCores: 4,
  ramBytes: 16_000_000_000,
  disks: [{ deviceId: 'C:', sizeBytes: 500, freeBytes: 100, fileSystem: 'NTFS' }],
  unread: [],
};

function viewed(read: () => Promise<HardwareFacts> = async () => FACTS) {
  const clock = new ManualClock();
  let readings = 0;
  const view = new HardwareView({
    read: () => {
      readings += 1;
      return read();
    },
    clock,
    log: silentLogger,
  });
  return { clock, view, readings: () => readings };
}

test('says what was read, and reads again only after an hour', async () => {
  const { clock, view, readings } = viewed();
  expect(await view.view()).toMatchObject({
    system: 'Windows 11 10.0.26100',
    processor: 'A processor',
    memoryBytes: 16_000_000_000,
    disks: [{ name: 'C:', sizeBytes: 500, freeBytes: 100 }],
  });
  await view.view();
  clock.forward(3_599_000);
  await view.view();
  expect(readings()).toBe(1);
  clock.forward(2_000);
  await view.view();
  expect(readings()).toBe(2);
});

test('what the inventory has just read needs no second reading', async () => {
  const { view, readings } = viewed();
  await view.read(new AbortController().signal);
  expect(await view.view()).toMatchObject({ processor: 'A processor' });
  expect(readings()).toBe(1);
});

test('who asks together waits for one reading', async () => {
  const { view, readings } = viewed();
  await Promise.all([view.view(), view.view(), view.view()]);
  expect(readings()).toBe(1);
});

test('a reading that fails is nothing, and is tried again with the next question', async () => {
  let fails = true;
  const { view, readings } = viewed(async () => {
    if (fails) throw new Error('no answer');
    return FACTS;
  });
  expect(await view.view()).toBeNull();
  fails = false;
  expect(await view.view()).not.toBeNull();
  expect(readings()).toBe(2);
});

test('a window does not wait for a PC that does not answer', async () => {
  vi.useFakeTimers();
  try {
    const { view } = viewed(() => new Promise(() => {}));
    const answer = view.view();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await answer).toBeNull();
  } finally {
    vi.useRealTimers();
  }
});
