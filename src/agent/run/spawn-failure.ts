/** Says in one sentence why a script could not be started: no shell, no directory, no room. */
import { accessSync, constants, statSync } from 'node:fs';
import { errorText } from '../../base/logger.ts';
import { errorCode } from '../../shared/error-code.ts';

interface Attempt {
  readonly invocation: { readonly file: string; readonly args: readonly string[]; readonly batch?: string };
  readonly cwd: string | null;
}

/** What a system reads up to its first NUL means something else there: another directory, half of a script. null: there is none. */
export function nulProblem({ invocation, cwd }: Attempt): string | null {
  if (cwd?.includes('\0')) return 'the working directory contains a NUL character';
  const texts = [...invocation.args, invocation.batch ?? ''];
  return texts.some((text) => text.includes('\0')) ? 'the script contains a NUL character' : null;
}

/** `passedOver`: a shell that is there and can't be trusted, and why. `error` is what the start threw or emitted. The system says ENOENT for a missing directory and a missing shell alike. */
export function spawnFailure(error: unknown, attempt: Attempt, passedOver: string | null = null): string {
  const { invocation, cwd } = attempt;
  const nul = nulProblem(attempt);
  if (nul !== null) return nul;
  const code = errorCode(error);
  const directoryProblem = cwd === null ? null : directoryProblemOf(cwd);
  if (directoryProblem !== null) return directoryProblem;
  const shell = invocation.file;
  switch (code) {
    case 'ENOENT':
      return shellNotFound(shell, passedOver);
    case 'EACCES':
      return `the shell "${shell}" may not be executed (EACCES)`;
    case 'E2BIG':
    case 'ENAMETOOLONG':
      return `the script is too long for the command line of "${shell}" (${code})`;
    case 'EAGAIN':
    case 'ENOMEM':
    case 'EMFILE':
    case 'ENFILE':
      return `the system has no room for another process (${code})`;
    default:
      return errorText(error);
  }
}

export function shellNotFound(shell: string, passedOver: string | null): string {
  const why =
    shell === 'powershell' && process.platform !== 'win32'
      ? 'neither the shell "powershell" nor "pwsh" was found on the PATH'
      : `the shell "${shell}" was not found on the PATH`;
  return passedOver === null ? why : `${why} but where others could have put it (${passedOver})`;
}

function directoryProblemOf(cwd: string): string | null {
  try {
    if (!statSync(cwd).isDirectory()) return `the working directory "${cwd}" is not a directory`;
    accessSync(cwd, constants.X_OK);
    return null;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return `the working directory "${cwd}" does not exist`;
    return `the working directory "${cwd}" can not be entered (${code ?? 'unknown'})`;
  }
}
