/** The hardware of a PC as a message. */
import { type Decoded, decodeObject } from './fields.ts';
import { formatTimestamp } from './timestamp.ts';

/** The hardware facts of a PC (protocol §3.8). Sizes are bytes. */
export interface HwInventory {
  readonly pcId: string;
  readonly hostname: string;
  readonly osName: string;
  readonly osVersion: string;
  readonly osBuild: string | null;
  readonly cpuModel: string;
  /** null: the system does not tell. */
  readonly cpuCores: number | null;
  readonly ramBytes: number;
  /** Fixed drives only. */
  readonly disks: readonly {
    readonly deviceId: string;
    readonly sizeBytes: number;
    readonly freeBytes: number;
    readonly fileSystem: string | null;
  }[];
  readonly collectedAtNs: bigint;
}

export function encodeInventory(inventory: HwInventory): Uint8Array {
  const text = JSON.stringify({
    pc_id: inventory.pcId,
    hostname: inventory.hostname.toWellFormed(),
    os_name: inventory.osName.toWellFormed(),
    os_version: inventory.osVersion.toWellFormed(),
    os_build: inventory.osBuild?.toWellFormed() ?? null,
    cpu_model: inventory.cpuModel.toWellFormed(),
    cpu_cores: inventory.cpuCores,
    ram_bytes: inventory.ramBytes,
    disks: inventory.disks.map((disk) => ({
      device_id: disk.deviceId.toWellFormed(),
      size_bytes: disk.sizeBytes,
      free_bytes: disk.freeBytes,
      file_system: disk.fileSystem?.toWellFormed() ?? null,
    })),
    collected_at: formatTimestamp(inventory.collectedAtNs),
  });
  return Buffer.from(text);
}

export function decodeInventory(body: Uint8Array): Decoded<'inventory', HwInventory> {
  return decodeObject(body, 'inventory', (fields) => ({
    pcId: fields.string('pc_id'),
    hostname: fields.string('hostname'),
    osName: fields.string('os_name'),
    osVersion: fields.string('os_version'),
    osBuild: fields.nullableString('os_build'),
    cpuModel: fields.string('cpu_model'),
    cpuCores: fields.isNone('cpu_cores') ? null : fields.u32('cpu_cores'),
    ramBytes: Number(fields.u64('ram_bytes')),
    disks: fields.objects('disks', (disk) => ({
      deviceId: disk.string('device_id'),
      sizeBytes: Number(disk.u64('size_bytes')),
      freeBytes: Number(disk.u64('free_bytes')),
      fileSystem: disk.nullableString('file_system'),
    })),
    collectedAtNs: fields.timestamp('collected_at'),
  }));
}
