/** Runs one script by the agent's way and by plain `-Command`, each in a process of its own, with the same environment. */
import { spawn } from 'node:child_process';
import { withShellDefaults } from '../../src/agent/run/child-env.ts';
import { type Invocation, invocation } from '../../src/agent/run/shell.ts';
import { PWSH_ENVIRONMENT } from '../support/powershell.ts';
import type { Case } from './cases.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Plain: what the original agent starts, its input at the end. */
export function plainly(script: string): Invocation {
  return { file: 'pwsh', args: ['-NoProfile', '-NonInteractive', '-Command', script], stdin: null };
}

/** The agent's: on every system the one that it has on Windows, for the smallest script too. */
export function ourWay(script: string): Invocation {
  return invocation('pwsh', script, 'win32');
}

export async function bothWays(shell: string, { script, isColoured }: Case): Promise<{ plain: Ended; ours: Ended }> {
  const env = isColoured ? colourful() : ENVIRONMENT;
  const [plain, ours] = await Promise.all([run(shell, plainly(script), env), run(shell, ourWay(script), env)]);
  return { plain, ours };
}

const ENVIRONMENT = environment();
/** Nothing of a test that fails by its time stays behind. */
const MAX_MS = 50_000;

/** As the agent's scripts have it, and nothing that PowerShell would look up in the network. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(VITEST|VITE_|NO_COLOR|FORCE_COLOR)/.test(entry[0]),
  );
  return withShellDefaults({ ...Object.fromEntries(kept), ...PWSH_ENVIRONMENT }, 'pwsh');
}

function colourful(): NodeJS.ProcessEnv {
  const { NO_COLOR: _, ...others } = ENVIRONMENT;
  return others;
}

/** A hidden console on Windows: without any PowerShell says nothing there. */
export function run(shell: string, { args, stdin }: Invocation, env: NodeJS.ProcessEnv = ENVIRONMENT): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(shell, args, { env, stdio: 'pipe', windowsHide: true, timeout: MAX_MS, killSignal: 'SIGKILL' });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    // A script may end before it has been read.
    child.stdin.on('error', () => {});
    child.stdin.end(stdin ?? '');
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }));
  });
}
