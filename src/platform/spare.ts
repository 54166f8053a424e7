/** Whether this PC has something to spare for what only saves time. Where it can't be told, it has. */
import { readFileSync } from 'node:fs';
import { setupNative } from './windows/setup-native.ts';

/** So much memory is to stay free for others. */
const KEPT_FREE_BYTES = 512 * 1024 * 1024;
/** Of SYSTEM_POWER_STATUS: whether the battery is being saved. */
const [STATUS_BYTES, SYSTEM_STATUS_FLAG] = [12, 3];
const PLATFORM_PROFILE = '/sys/firmware/acpi/platform_profile';

/** False: memory is short, or the battery is being saved. */
export function canSpare(bytes: number): boolean {
  return process.availableMemory() - bytes > KEPT_FREE_BYTES && !savesBattery();
}

function savesBattery(): boolean {
  try {
    if (process.platform !== 'win32') return readFileSync(PLATFORM_PROFILE, 'latin1').trim() === 'low-power';
    const status = Buffer.alloc(STATUS_BYTES);
    return setupNative().GetSystemPowerStatus(status) !== 0 && status.readUInt8(SYSTEM_STATUS_FLAG) === 1;
  } catch {
    return false;
  }
}
