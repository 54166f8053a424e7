/** Puts together what runs scripts on this system. */
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { oemDecoder } from '../os/oem-code-page.ts';
import { preparePipes } from '../os/posix-pipe.ts';
import type { Priority } from '../os/priority.ts';
import { variablesSetByIt } from '../os/set-variables.ts';
import { scriptEnvironment } from './child-env.ts';
import { PosixLauncher } from './posix-launcher.ts';
import type { RunnerDeps } from './script-runner.ts';
import { WindowsLauncher } from './windows-launcher.ts';

export interface RunnerOptions {
  /** The agent's own environment; scripts get the part of it that `child-env.ts` lets through. */
  readonly env: NodeJS.ProcessEnv;
  /** What is kept of each stream of a script. */
  readonly maxOutputBytes: number;
  readonly priority: Priority;
  /** Of our own, for what lasts as long as a script. */
  readonly directory: string;
  readonly log?: Logger;
}

/** Loads native code (some 15 ms), so call it once and not on the way to the first heartbeat. */
export function makeRunner({ env, maxOutputBytes, priority, directory, log }: RunnerOptions): RunnerDeps {
  const options = {
    environment: scriptEnvironment(env, { alsoNames: variablesSetByIt(env) }),
    priority,
    ...(log === undefined ? {} : { log }),
  };
  preparePipes();
  return {
    launcher:
      process.platform === 'win32'
        ? new WindowsLauncher({ ...options, batchDirectory: join(directory, 'batch') })
        : new PosixLauncher(options),
    clock: systemClock,
    maxOutputBytes,
    legacyDecoder: oemDecoder(),
    ...(log === undefined ? {} : { log }),
  };
}
