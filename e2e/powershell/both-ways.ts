/** Runs one script by the agent's way and by plain `-Command`, each in a process of its own, with the same environment. */
import { spawn } from 'node:child_process';
import { MARKER_VARIABLE, withShellDefaults } from '../../src/agent/run/child-env.ts';
import { inputAhead, POWERSHELL_AHEAD } from '../../src/agent/run/powershell.ts';
import { type Invocation, invocation, POWERSHELL_ARGUMENTS } from '../../src/agent/run/shell.ts';
import { PWSH_ENVIRONMENT } from '../../test/support/powershell.ts';
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

/** The agent's where a shell was started ahead. null: this script gets a fresh one. */
export function aheadWay(script: string): Invocation | null {
  const fresh = ourWay(script);
  const stdin = inputAhead(fresh.args, fresh.stdin, MARKER);
  return stdin === null ? null : { file: 'pwsh', args: [...POWERSHELL_ARGUMENTS, POWERSHELL_AHEAD], stdin };
}

export async function bothWays(shell: string, { script, isColoured }: Case): Promise<{ plain: Ended; ours: Ended }> {
  const env = isColoured ? colourful() : ENVIRONMENT;
  const [plain, ours] = await Promise.all([run(shell, plainly(script), env), run(shell, ourWay(script), env)]);
  return { plain, ours };
}

/** By a fresh shell and by one that was started ahead; null: this script never gets one. */
export async function freshAndAhead(
  shell: string,
  { script, isColoured }: Case,
): Promise<{ fresh: Ended; ahead: Ended } | null> {
  const way = aheadWay(script);
  if (way === null) return null;
  const env = isColoured ? colourful() : ENVIRONMENT;
  const [fresh, ahead] = await Promise.all([run(shell, ourWay(script), env), run(shell, way, env)]);
  return { fresh, ahead };
}

const MARKER = '00000000-0000-0000-0000-000000000000';
const ENVIRONMENT = environment();
/** Nothing of a test that fails by its time stays behind. */
const MAX_MS = 50_000;

/** As the agent's scripts have it, and nothing that PowerShell would look up in the network. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(VITEST|VITE_|NO_COLOR|FORCE_COLOR)/.test(entry[0]),
  );
  const ours = { ...Object.fromEntries(kept), ...PWSH_ENVIRONMENT, [MARKER_VARIABLE]: MARKER };
  return withShellDefaults(ours, 'pwsh');
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
