/** Whether the original agent still works on a data directory. It exists as a service on Windows only (protocol §9.4). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Directories } from '../shared/directories.ts';
import { serviceRuns } from './windows/services.ts';

const SERVICE = 'KanadeAgent';
/** What only the original writes there. */
const ITS_FILES = ['outbox', 'local_completions.json'];

/** True: nothing of its data may be touched now. */
export function originalRuns(directories: Directories, runs: (service: string) => boolean = serviceRuns): boolean {
  return mayBeIts(directories) && runs(SERVICE);
}

function mayBeIts({ data, dataFromEnvironment, machineConfig }: Directories): boolean {
  const isMachines = machineConfig === null && !dataFromEnvironment;
  return isMachines || ITS_FILES.some((name) => existsSync(join(data, name)));
}
