/** Runs a program to its end and tells how it went; of a program that does not end nothing is left. */
import { execFile } from 'node:child_process';

const MAX_OUTPUT_BYTES = 64 * 1024;

export interface ProgramRun {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** `code` null: it was ended, by the limit, by a signal, or because it said too much; or it could not be started. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects with the signal's reason only. */
export function runProgram(
  file: string,
  args: readonly string[],
  { env, cwd, limitMs, signal }: ProgramRun,
): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    const options = {
      env,
      cwd,
      signal,
      timeout: limitMs,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT_BYTES,
      windowsHide: true,
    } as const;
    execFile(file, [...args], options, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason);
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      const said = error !== null && code === null && stderr === '' ? error.message : stderr;
      resolve({ code, stdout, stderr: said });
    });
  });
}
