/** A real PowerShell 7 for tests: `pwsh` on the PATH, else what KANADE_TEST_PWSH names. */
import { spawnSync } from 'node:child_process';

const ENVIRONMENT = { ...process.env, POWERSHELL_TELEMETRY_OPTOUT: '1', POWERSHELL_UPDATECHECK: 'Off', NO_COLOR: '1' };

/** null: there is none here. */
export const PWSH: string | null =
  ['pwsh', process.env.KANADE_TEST_PWSH ?? ''].find(
    (program) => program !== '' && spawnSync(program, ['-Version'], { env: ENVIRONMENT }).status === 0,
  ) ?? null;

export const NO_PWSH = 'no PowerShell 7: neither pwsh on the PATH nor KANADE_TEST_PWSH';

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a script file to its end; what it says on both streams. */
export function runPowerShell(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Ended {
  if (PWSH === null) throw new Error(NO_PWSH);
  const { status, stdout, stderr } = spawnSync(PWSH, ['-NoProfile', '-NonInteractive', '-File', file, ...args], {
    env: { ...ENVIRONMENT, ...env },
    encoding: 'utf8',
  });
  return { code: status, output: stdout + stderr };
}
