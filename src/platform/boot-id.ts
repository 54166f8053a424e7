/** Which start of the system this is. */
import { readFileSync } from 'node:fs';
import { machineRegistry, type Registry } from './registry.ts';

const PREFETCH_KEY = 'SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters';

/**
 * Names this start of the system, so that what was measured by `Clock.upMs` before a restart of the agent still counts after
 * it. Null where it can't be told; then only the wall clock is left. Source: Linux `random(4)` boot_id; Windows counts its
 * starts in the registry.
 */
export function bootId(
  platform: NodeJS.Platform = process.platform,
  registry: Registry = machineRegistry(),
): string | null {
  if (platform === 'win32') {
    const read = registry.read(PREFETCH_KEY, 'BootId');
    return read.kind === 'number' ? String(read.value) : null;
  }
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() || null;
  } catch {
    return null;
  }
}
