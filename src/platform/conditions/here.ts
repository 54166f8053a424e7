/** The conditions of schedules on the system that we run on. */
import { linuxConditions } from './linux.ts';
import type { Conditions } from './types.ts';
import { windowsConditions } from './windows.ts';

/** `isService`: the process is in nobody's session. */
export function conditionsHere(isService: boolean): Conditions {
  if (process.platform === 'win32') return windowsConditions(isService);
  if (process.platform === 'linux') return linuxConditions();
  return { tells: new Set(), acPower: async () => null, idleMs: async () => null, network: async () => null };
}
