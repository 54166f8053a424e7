/** The hardware facts of this PC (protocol §3.8). Read only; nothing here changes anything. */
import type { FactsShell } from './powershell.ts';

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

/** Asks the operating system. Rejects where it gives no answer that can be read, or when aborted. */
export async function readHardware(shell: FactsShell, signal: AbortSignal): Promise<HardwareFacts> {
  if (process.platform === 'win32') {
    const { readWindowsHardware } = await import('./windows.ts');
    return readWindowsHardware(shell, signal);
  }
  const { readLinuxHardware } = await import('./linux.ts');
  return readLinuxHardware();
}
