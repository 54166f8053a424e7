/** Puts together what runs scripts on this system. */
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { oemDecoder } from '../../platform/oem-code-page.ts';
import { preparePipes } from '../../platform/posix-pipe.ts';
import type { Priority } from '../../platform/priority.ts';
import { variablesSetByIt } from '../../platform/set-variables.ts';
import { canSpare } from '../../platform/spare.ts';
import { scriptEnvironment } from './child-env.ts';
import { PosixLauncher } from './posix-launcher.ts';
import type { RunnerDeps } from './script-runner.ts';
import { ShellsAhead } from './shells-ahead.ts';
import { WindowsLauncher } from './windows-launcher.ts';

export interface RunnerOptions {
  /** The agent's own environment; scripts get the part of it that `child-env.ts` lets through. */
  readonly env: NodeJS.ProcessEnv;
  /** What is kept of each stream of a script. */
  readonly maxOutputBytes: number;
  readonly priority: Priority;
  /** `[run] warm_shells`; absent: none. */
  readonly warmShells?: number;
  /** `[run] allow_colors`. */
  readonly allowColors?: boolean;
  /** Of our own, for what lasts as long as a script. */
  readonly directory: string;
  readonly log?: Logger;
}

/** What one that waits takes, measured: 88 MB. */
const SHELL_BYTES = 100 * 1024 * 1024;

/** Loads native code (some 15 ms), so call it once and not on the way to the first heartbeat. */
export function makeRunner(runnerOptions: RunnerOptions): RunnerDeps {
  const { env, maxOutputBytes, priority, warmShells = 0, allowColors = false, directory, log } = runnerOptions;
  const options = {
    environment: scriptEnvironment(env, { alsoNames: variablesSetByIt(env) }),
    priority,
    allowColors,
    ...(log === undefined ? {} : { log }),
  };
  preparePipes();
  const launcher = new ShellsAhead({
    launcher:
      process.platform === 'win32'
        ? new WindowsLauncher({ ...options, batchDirectory: join(directory, 'batch') })
        : new PosixLauncher(options),
    most: warmShells,
    directory,
    mayWait: () => canSpare(SHELL_BYTES),
    log: log ?? silentLogger,
  });
  return {
    launcher,
    close: () => launcher.close(),
    clock: systemClock,
    maxOutputBytes,
    legacyDecoder: oemDecoder(),
    ...(log === undefined ? {} : { log }),
  };
}
