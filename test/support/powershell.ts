/**
 * A real PowerShell 7 for tests: `pwsh` on the PATH, else what KANADE_TEST_PWSH names, else the one in `../shared/tools/powershell`
 * where that lies beside the checkout.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** It asks nobody in the network for anything. */
export const PWSH_ENVIRONMENT = { POWERSHELL_TELEMETRY_OPTOUT: '1', POWERSHELL_UPDATECHECK: 'Off' };
const ENVIRONMENT = { ...process.env, ...PWSH_ENVIRONMENT, NO_COLOR: '1' };

function candidates(): (() => string)[] {
  return [() => 'pwsh', () => process.env.KANADE_TEST_PWSH ?? '', besideTheCheckout];
}

function besideTheCheckout(): string {
  const setUp = join(import.meta.dirname, '..', '..', '..', 'shared', 'tools', 'powershell', 'setup.sh');
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(setUp)) return '';
  return join(spawnSync(setUp, { encoding: 'utf8' }).stdout.trim(), 'pwsh');
}

/** Some programs of this name do nothing and say 0, as wine's. */
function answers(program: string): boolean {
  const asked = ['-NoProfile', '-NonInteractive', '-Command', '$PSVersionTable.PSVersion.Major'];
  const { stdout } = spawnSync(program, asked, { env: ENVIRONMENT, encoding: 'utf8', windowsHide: true });
  return Number(stdout) >= 7;
}

function found(): string | null {
  for (const candidate of candidates()) {
    const program = candidate();
    if (program !== '' && answers(program)) return program;
  }
  return null;
}

/** null: there is none here. */
export const PWSH: string | null = found();

export const NO_PWSH =
  'no PowerShell 7: neither pwsh on the PATH, nor KANADE_TEST_PWSH, nor ../shared/tools/powershell beside the checkout';

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
