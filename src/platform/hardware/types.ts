/** What is known of the hardware of a PC, whichever system it was read from (protocol §3.8). */

export interface DiskFacts {
  /** `C:` or `/dev/sda1`. */
  readonly deviceId: string;
  readonly sizeBytes: number;
  readonly freeBytes: number;
  readonly fileSystem: string | null;
}

export interface HardwareFacts {
  readonly osName: string;
  readonly osVersion: string;
  readonly osBuild: string | null;
  readonly cpuModel: string;
  /** Cores, not hardware threads; null: the system does not tell. */
  readonly cpuCores: number | null;
  readonly ramBytes: number;
  /** Fixed drives only. */
  readonly disks: readonly DiskFacts[];
  /** What the system would not tell, and why, for people; it is null, or taken from a plainer source. */
  readonly unread: readonly string[];
}
