import { z } from 'zod';
import { formatTimestamp } from './timestamp.ts';

/** Hardware facts on the wire (protocol §3.8). */
export const hwInventorySchema = z.object({
  pc_id: z.string(),
  hostname: z.string(),
  os_name: z.string(),
  os_version: z.string(),
  os_build: z.string().nullable().optional(),
  cpu_model: z.string(),
  cpu_cores: z.number().int().min(0).max(0xffff_ffff),
  ram_bytes: z.number().int().min(0),
  disks: z.array(
    z.object({
      device_id: z.string(),
      size_bytes: z.number().int().min(0),
      free_bytes: z.number().int().min(0),
      file_system: z.string().nullable().optional(),
    }),
  ),
  collected_at: z.string(),
});

export interface HwInventory {
  readonly pcId: string;
  readonly hostname: string;
  readonly osName: string;
  readonly osVersion: string;
  readonly osBuild: string | null;
  readonly cpuModel: string;
  readonly cpuCores: number;
  readonly ramBytes: number;
  readonly disks: readonly {
    readonly deviceId: string;
    readonly sizeBytes: number;
    readonly freeBytes: number;
    readonly fileSystem: string | null;
  }[];
  /** ns since the epoch. */
  readonly collectedAtNs: bigint;
}

export function encodeInventory(facts: HwInventory): Uint8Array {
  const wire: z.input<typeof hwInventorySchema> = {
    pc_id: facts.pcId,
    hostname: facts.hostname,
    os_name: facts.osName,
    os_version: facts.osVersion,
    os_build: facts.osBuild,
    cpu_model: facts.cpuModel,
    cpu_cores: facts.cpuCores,
    ram_bytes: facts.ramBytes,
    disks: facts.disks.map((disk) => ({
      device_id: disk.deviceId,
      size_bytes: disk.sizeBytes,
      free_bytes: disk.freeBytes,
      file_system: disk.fileSystem,
    })),
    collected_at: formatTimestamp(facts.collectedAtNs),
  };
  return Buffer.from(JSON.stringify(wire));
}
