/** The original's programs as child processes. Invariant: none of them outlives its test or sees settings of this machine. */
import { execFile, spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { withoutKanade } from '../../../scripts/lib/agent-process.ts';
import { findInteropTools, type OriginalRelease, SEED } from '../../../scripts/lib/interop-tools.ts';
import { ManagedProcess } from '../../../scripts/lib/managed-process.ts';

const STOP_MS = 10_000;
const CALL_MS = 60_000;
const STAND_INS = fileURLToPath(new URL('../stand-ins', import.meta.url));

/** One of `kanade`, `kanade-agent`, `kanade-backend`. */
function pathOf(name: string, release: OriginalRelease): string {
  const named = release === SEED ? process.env.KANADE_TRAY_INTEROP_BIN : undefined;
  const directory = named ?? findInteropTools(process.env, release);
  if (directory === undefined)
    throw new Error(`kanade ${release.version} is not built yet: "npm run test:interop" does it`);
  return join(directory, name);
}

/** The same stand-ins for `powershell` and `cmd` come first on the PATH of both agents. */
export const standInPath: NodeJS.ProcessEnv = { PATH: [STAND_INS, process.env.PATH ?? ''].join(delimiter) };

export class Program extends ManagedProcess {
  constructor(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, release = SEED) {
    const all = { ...withoutKanade(process.env), ...env };
    // `kill` alone ends it: the original ends at once on SIGTERM too (D37). Its scripts are left to themselves, with its streams.
    const launch = () => spawn(pathOf(name, release), args, { env: all, stdio: ['ignore', 'pipe', 'pipe'] });
    super(launch, { stopMs: STOP_MS, endsAt: 'exit' });
    onTestFinished(() => this.kill());
  }
}

export interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the programs to its end; whatever its exit code is a value. */
export function call(name: string, args: readonly string[], env: NodeJS.ProcessEnv, release = SEED): Promise<Called> {
  return new Promise((resolve) => {
    const options = { env: { ...withoutKanade(process.env), ...env }, timeout: CALL_MS };
    execFile(pathOf(name, release), args, options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ code, stdout, stderr });
    });
  });
}
