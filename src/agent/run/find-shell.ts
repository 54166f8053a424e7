/**
 * Where a shell is. On Windows always an absolute path: left to the system, a program of that name in the working directory
 * of the script would come first.
 */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Environment } from './child-env.ts';

/** The places of the shells that come with Windows, below `%SystemRoot%\System32`; these go before the PATH. */
const WINDOWS_SHELLS: Readonly<Record<string, string>> = {
  cmd: 'cmd.exe',
  powershell: 'WindowsPowerShell\\v1.0\\powershell.exe',
};

/** The absolute path of a shell on Windows; null if there is none. */
export function findWindowsShell(name: string, environment: Environment): string | null {
  const byName = new Map(Object.entries(environment).map(([key, value]) => [key.toUpperCase(), value]));
  const root = byName.get('SYSTEMROOT') ?? 'C:\\Windows';
  const builtIn = WINDOWS_SHELLS[name];
  const candidates = builtIn === undefined ? [] : [path.win32.join(root, 'System32', builtIn)];
  for (const folder of (byName.get('PATH') ?? '').split(';')) {
    const bare = folder.replaceAll('"', '');
    if (path.win32.isAbsolute(bare)) candidates.push(path.win32.join(bare, `${name}.exe`));
  }
  return candidates.find((file) => may(file, constants.F_OK)) ?? null;
}

/** Elsewhere `powershell` is `powershell`, else `pwsh`; any other shell is left to the search of the system. */
export function posixShell(name: string, environment: Environment): string {
  if (name !== 'powershell' || isOnPath(name, environment)) return name;
  return isOnPath('pwsh', environment) ? 'pwsh' : name;
}

/** The absolute path of a shell elsewhere than on Windows; null if there is none on the PATH. */
export function posixShellPath(name: string, environment: Environment): string | null {
  return onPath(posixShell(name, environment), environment);
}

function isOnPath(name: string, environment: Environment): boolean {
  return onPath(name, environment) !== null;
}

function onPath(name: string, { PATH = '' }: Environment): string | null {
  const candidates = PATH.split(':').map((folder) => path.posix.resolve(folder || '.', name));
  return candidates.find((file) => may(file, constants.X_OK)) ?? null;
}

function may(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
