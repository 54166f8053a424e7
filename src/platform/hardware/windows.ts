/**
 * Hardware facts by CIM. Asked through PowerShell: direct WMI failed under LocalSystem on some PCs where `Get-CimInstance` worked
 * (protocol §3.8). Each class is asked for by itself: a damaged repository is common, and what the system says without it is sent all
 * the same.
 */
import { statfs } from 'node:fs/promises';
import { cpus, release, totalmem, version } from 'node:os';
import { z } from 'zod';
import { errorText } from '../../base/logger.ts';
import { isFixedDrive } from '../windows/drives.ts';
import type { FactsShell } from './powershell.ts';
import type { DiskFacts, HardwareFacts } from './types.ts';

const text = z.string().trim().min(1);
const count = z.number().int().nonnegative();

/** One line, one value each. A drive without a size (locked, no medium) has nothing to tell. */
const SYSTEM = {
  className: 'Win32_OperatingSystem',
  expression:
    "& { $os = Get-CimInstance -ClassName Win32_OperatingSystem -Property 'Caption', 'Version', 'BuildNumber'; " +
    '@{ caption = $os.Caption; version = $os.Version; build = $os.BuildNumber } }',
  answer: z.object({ caption: text, version: text, build: text.nullable() }),
};
const MEMORY = {
  className: 'Win32_ComputerSystem',
  expression: "(Get-CimInstance -ClassName Win32_ComputerSystem -Property 'TotalPhysicalMemory').TotalPhysicalMemory",
  answer: count,
};
const PROCESSOR = {
  className: 'Win32_Processor',
  expression:
    "& { $cpu = @(Get-CimInstance -ClassName Win32_Processor -Property 'Name', 'NumberOfCores'); " +
    '@{ name = $cpu[0].Name; cores = ($cpu | Measure-Object -Property NumberOfCores -Sum).Sum } }',
  answer: z.object({ name: text, cores: count }),
};
const DISKS = {
  className: 'Win32_LogicalDisk',
  expression:
    "@(Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType = 3' | Where-Object { $_.Size } | " +
    'ForEach-Object { @{ id = $_.DeviceID; size = $_.Size; free = 0 + $_.FreeSpace; fs = $_.FileSystem } })',
  answer: z.array(z.object({ id: text, size: count, free: count, fs: z.string().nullable() })),
};

/** What the system knows without CIM; a disk's file system and the number of cores it does not tell. */
export interface PlainFacts {
  readonly osName: string;
  readonly osVersion: string;
  readonly cpuModel: string;
  readonly ramBytes: number;
  disks(): Promise<readonly DiskFacts[]>;
}

/** Rejects when aborted. What PowerShell does not tell is taken from `plain`, or null; the reason is in `unread`. */
export async function readWindowsHardware(
  shell: FactsShell,
  signal: AbortSignal,
  plain: () => PlainFacts = plainFacts,
): Promise<HardwareFacts> {
  const unread: string[] = [];
  const ask = async <T>(asked: { className: string; expression: string; answer: z.ZodType<T> }): Promise<T | null> => {
    try {
      return asked.answer.parse(await shell.ask(asked.expression, signal));
    } catch (error) {
      signal.throwIfAborted();
      unread.push(`${asked.className}: ${reason(error)}`);
      return null;
    }
  };
  const [system, ram, processor, disks] = [
    await ask(SYSTEM),
    await ask(MEMORY),
    await ask(PROCESSOR),
    await ask(DISKS),
  ];
  const other = unread.length === 0 ? null : plain();
  return {
    osName: system?.caption ?? other?.osName ?? 'Windows',
    osVersion: system?.version ?? other?.osVersion ?? '',
    osBuild: system === null ? (other?.osVersion.split('.')[2] ?? null) : system.build,
    cpuModel: processor?.name ?? other?.cpuModel ?? '',
    cpuCores: processor?.cores ?? null,
    ramBytes: ram ?? other?.ramBytes ?? 0,
    disks:
      disks?.map(({ id, size, free, fs }) => ({ deviceId: id, sizeBytes: size, freeBytes: free, fileSystem: fs })) ??
      (await other?.disks()) ??
      [],
    unread,
  };
}

/** The last cause, on one line. */
function reason(error: unknown): string {
  if (error instanceof z.ZodError) return 'an answer of another shape';
  let last = error;
  while (last instanceof Error && last.cause !== undefined) last = last.cause;
  return errorText(last).replaceAll(/\s+/g, ' ');
}

function plainFacts(): PlainFacts {
  return {
    osName: version(),
    osVersion: release(),
    cpuModel: cpus()[0]?.model.trim() ?? '',
    ramBytes: totalmem(),
    async disks() {
      const letters = Array.from({ length: 26 }, (_, at) => String.fromCharCode(65 + at));
      const fixed = letters.filter(isFixedDrive);
      const disks = await Promise.all(fixed.map(diskOf));
      return disks.filter((disk) => disk !== null);
    },
  };
}

async function diskOf(letter: string): Promise<DiskFacts | null> {
  try {
    const { blocks, bavail, bsize } = await statfs(`${letter}:\\`);
    if (blocks === 0) return null;
    return { deviceId: `${letter}:`, sizeBytes: blocks * bsize, freeBytes: bavail * bsize, fileSystem: null };
  } catch {
    return null;
  }
}
