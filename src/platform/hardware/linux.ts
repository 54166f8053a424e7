/** Hardware facts from /proc, /sys and the file systems. What a system does not tell is left at a plain fallback. */
import { readdir, readFile, realpath, statfs } from 'node:fs/promises';
import { cpus, release, type as systemName, totalmem } from 'node:os';
import { join } from 'node:path';
import type { DiskFacts, HardwareFacts } from './types.ts';

/** Mounted from an image file: not a drive. */
const IMAGE_FILE_SYSTEMS = new Set(['squashfs', 'iso9660', 'udf', 'erofs']);

export async function readLinuxHardware(): Promise<HardwareFacts> {
  const [osRelease, cpuCores, mounts] = await Promise.all([
    textOf('/etc/os-release'),
    countCores(),
    textOf('/proc/self/mounts'),
  ]);
  const os = parseOsRelease(osRelease);
  const processors = cpus();
  return {
    osName: os.PRETTY_NAME ?? os.NAME ?? systemName(),
    osVersion: os.VERSION_ID ?? release(),
    osBuild: release(),
    cpuModel: processors[0]?.model.trim() || 'unknown',
    cpuCores: cpuCores || processors.length,
    ramBytes: totalmem(),
    disks: await readDisks(parseMounts(mounts)),
    unread: [],
  };
}

/** `KEY=value` lines as in os-release(5), values with or without quotes. */
export function parseOsRelease(text: string): Partial<Record<string, string>> {
  const found: Record<string, string> = Object.create(null);
  for (const line of text.split('\n')) {
    const match = /^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trim());
    const key = match?.[1];
    if (key === undefined) continue;
    const value = (match?.[2] ?? match?.[3] ?? match?.[4] ?? '').replace(/\\(["$`\\])/g, '$1');
    if (value !== '') found[key] = value;
  }
  return found;
}

export interface Mount {
  readonly device: string;
  readonly path: string;
  readonly fileSystem: string;
}

/** Served by a program of anybody (`fusermount`), who also says what device it is of. What root alone can mount is `fuseblk`. */
const ANYBODYS = /^fuse(\.|$)/;

/** The block devices of proc_mounts(5), each once: bind mounts and subvolumes show the same drive again. */
export function parseMounts(text: string): Mount[] {
  const byDevice = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const [device = '', path = '', fileSystem = ''] = line.split(' ').map(decodeOctal);
    if (!device.startsWith('/dev/') || IMAGE_FILE_SYSTEMS.has(fileSystem) || ANYBODYS.test(fileSystem)) continue;
    if (!byDevice.has(device)) byDevice.set(device, { device, path, fileSystem });
  }
  return [...byDevice.values()];
}

/** Blanks and the like are written as `\040`. */
function decodeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

async function readDisks(mounts: readonly Mount[]): Promise<DiskFacts[]> {
  const disks = await Promise.all(mounts.map(readDisk));
  return disks.filter((disk) => disk !== null);
}

async function readDisk({ device, path, fileSystem }: Mount): Promise<DiskFacts | null> {
  try {
    if (!(await isFixed(device))) return null;
    const { blocks, bavail, bsize } = await statfs(path);
    return { deviceId: device, sizeBytes: blocks * bsize, freeBytes: bavail * bsize, fileSystem };
  } catch {
    return null;
  }
}

/** Neither a loop device nor on a drive that the kernel calls removable. */
async function isFixed(device: string): Promise<boolean> {
  const name = (await realpath(device).catch(() => device)).slice('/dev/'.length);
  if (name.startsWith('loop')) return false;
  const node = await realpath(join('/sys/class/block', name.replaceAll('/', '!')));
  // A partition's flag is that of the drive it lies on, one level up.
  const flag = (await textOf(join(node, 'removable'))) || (await textOf(join(node, '..', 'removable')));
  return flag.trim() !== '1';
}

/** 0 where the kernel does not describe the processors. */
async function countCores(): Promise<number> {
  const base = '/sys/devices/system/cpu';
  const names = await readdir(base).catch(() => []);
  const cores = await Promise.all(
    names
      .filter((name) => /^cpu\d+$/.test(name))
      .map(async (name) => {
        const topology = join(base, name, 'topology');
        const core = await textOf(join(topology, 'core_id'));
        return core === '' ? '' : `${await textOf(join(topology, 'physical_package_id'))}/${core}`;
      }),
  );
  return new Set(cores.filter((core) => core !== '')).size;
}

/** The text of a small file, '' where it can't be read. */
function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
