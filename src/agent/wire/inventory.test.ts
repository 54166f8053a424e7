import { expect, test } from 'vitest';
import { decodeInventory, encodeInventory, type HwInventory } from './inventory.ts';

const INVENTORY: HwInventory = {
  pcId: 'PC-A',
  hostname: 'pc-a',
  osName: 'Microsoft Windows 11 Pro',
  osVersion: '10.0.26100',
  osBuild: '26100',
  cpuModel: 'CPU',
  cpuCores: 8,
  ramBytes: 2 ** 34,
  disks: [
    { deviceId: 'C:', sizeBytes: 2 ** 40, freeBytes: 2 ** 39, fileSystem: 'NTFS' },
    { deviceId: 'D:', sizeBytes: 0, freeBytes: 0, fileSystem: null },
  ],
  collectedAtNs: 1_764_041_424_000_000_000n,
};

test('facts are written with the names and in the order of the fleet', () => {
  expect(Buffer.from(encodeInventory(INVENTORY)).toString()).toBe(
    '{"pc_id":"PC-A","hostname":"pc-a","os_name":"Microsoft Windows 11 Pro","os_version":"10.0.26100","os_build":"26100",' +
      '"cpu_model":"CPU","cpu_cores":8,"ram_bytes":17179869184,"disks":[' +
      '{"device_id":"C:","size_bytes":1099511627776,"free_bytes":549755813888,"file_system":"NTFS"},' +
      '{"device_id":"D:","size_bytes":0,"free_bytes":0,"file_system":null}],"collected_at":"2025-11-25T03:30:24Z"}',
  );
});

test('what is written is read back', () => {
  for (const inventory of [INVENTORY, { ...INVENTORY, osBuild: null, disks: [] }]) {
    expect(decodeInventory(encodeInventory(inventory))).toEqual({ ok: true, inventory });
  }
});

test('what is wrong deep inside is named with its path', () => {
  const wire = JSON.parse(Buffer.from(encodeInventory(INVENTORY)).toString());
  wire.disks[1].size_bytes = -1;
  expect(decodeInventory(Buffer.from(JSON.stringify(wire)))).toEqual({
    ok: false,
    error: 'disks[1].size_bytes: expected a whole number from 0 to 18446744073709551615, found -1',
  });
});
