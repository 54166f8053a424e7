/**
 * Hardware facts by CIM. Asked through PowerShell: direct WMI failed under LocalSystem on some PCs where
 * `Get-CimInstance` worked (protocol §3.8).
 */
import { z } from 'zod';
import type { HardwareFacts } from './facts.ts';
import type { FactsShell } from './powershell.ts';

/** One line, one value. A drive without a size (locked, no medium) has nothing to tell. */
const EXPRESSION = [
  "& { $os = Get-CimInstance -ClassName Win32_OperatingSystem -Property 'Caption', 'Version', 'BuildNumber'",
  "$pc = Get-CimInstance -ClassName Win32_ComputerSystem -Property 'TotalPhysicalMemory'",
  "$cpu = @(Get-CimInstance -ClassName Win32_Processor -Property 'Name', 'NumberOfCores')",
  "$disks = @(Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType = 3' | Where-Object { $_.Size } | " +
    'ForEach-Object { @{ id = $_.DeviceID; size = $_.Size; free = 0 + $_.FreeSpace; fs = $_.FileSystem } })',
  '@{ caption = $os.Caption; version = $os.Version; build = $os.BuildNumber; ram = $pc.TotalPhysicalMemory; ' +
    'cpu = $cpu[0].Name; cores = ($cpu | Measure-Object -Property NumberOfCores -Sum).Sum; disks = $disks } }',
].join('; ');

const text = z.string().trim().min(1);
const count = z.number().int().nonnegative();

const Answer = z.object({
  caption: text,
  version: text,
  build: text.nullable(),
  ram: count,
  cpu: text,
  cores: count,
  disks: z.array(z.object({ id: text, size: count, free: count, fs: z.string().nullable() })),
});

/** Rejects where PowerShell gives no answer or one of another shape. */
export async function readWindowsHardware(shell: FactsShell, signal: AbortSignal): Promise<HardwareFacts> {
  const answer = Answer.parse(await shell.ask(EXPRESSION, signal));
  return {
    osName: answer.caption,
    osVersion: answer.version,
    osBuild: answer.build,
    cpuModel: answer.cpu,
    cpuCores: answer.cores,
    ramBytes: answer.ram,
    disks: answer.disks.map(({ id, size, free, fs }) => ({
      deviceId: id,
      sizeBytes: size,
      freeBytes: free,
      fileSystem: fs,
    })),
  };
}
