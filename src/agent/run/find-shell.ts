/**
 * Where a shell is, always as an absolute path: left to the system, a program of that name in the working directory of the script
 * would come first. Invariant: an agent that runs as the system takes none that somebody else could have put there, or could exchange
 * (threat-model §7); the first good one counts, and where there is none the result names what was passed over.
 */
import { accessSync, constants, readdirSync } from 'node:fs';
import path from 'node:path';
import { machineRegistry, type Registry } from '../../platform/registry.ts';
import { distrustAbove, distrustPath } from '../../platform/trusted-path.ts';
import { SYSTEM_SID } from '../../platform/windows/access-list.ts';
import { ownSid } from '../../platform/windows/sids.ts';
import type { Environment } from './child-env.ts';

/** The places of the shells that come with Windows, below `%SystemRoot%\System32`; these go before the PATH. */
const WINDOWS_SHELLS: Readonly<Record<string, string>> = {
  cmd: 'cmd.exe',
  powershell: 'WindowsPowerShell\\v1.0\\powershell.exe',
};
const CURRENT_VERSION = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion';

export type FoundShell =
  | { readonly found: true; readonly file: string }
  /** `passedOver`: the first one that is there and can't be trusted, and why. */
  | { readonly found: false; readonly passedOver: string | null };

export interface ShellRules {
  /** False: whoever runs the agent decides what is on the PATH. Default: whether it runs as the system. */
  readonly isSystem?: boolean;
  readonly registry?: Registry;
}

/** The path of a shell on Windows. */
export function findWindowsShell(name: string, environment: Environment, rules: ShellRules = {}): FoundShell {
  const byName = new Map(Object.entries(environment).map(([key, value]) => [key.toUpperCase(), value]));
  const root = byName.get('SYSTEMROOT') ?? 'C:\\Windows';
  const builtIn = WINDOWS_SHELLS[name];
  if (builtIn !== undefined) {
    const file = path.win32.join(root, 'System32', builtIn);
    if (may(file, constants.F_OK)) return { found: true, file };
  }
  const candidates = installed(name, rules.registry ?? machineRegistry());
  for (const folder of (byName.get('PATH') ?? '').split(';')) {
    const bare = folder.replaceAll('"', '');
    if (path.win32.isAbsolute(bare)) candidates.push(path.win32.join(bare, `${name}.exe`));
  }
  return firstGood(
    candidates.filter((file) => may(file, constants.F_OK)),
    rules,
  );
}

/** Where the machine says that a program is, and where an installer of PowerShell puts it, the newest first. */
function installed(name: string, registry: Registry): string[] {
  const text = (key: string, value: string) => {
    const found = registry.read(`${CURRENT_VERSION}${key}`, value);
    return found.kind === 'text' ? found.text.replaceAll('"', '') : '';
  };
  const said = text(`\\App Paths\\${name}.exe`, '');
  const paths = path.win32.isAbsolute(said) ? [said] : [];
  if (name !== 'pwsh') return paths;
  const folder = path.win32.join(text('', 'ProgramFilesDir') || 'C:\\Program Files', 'PowerShell');
  const versions = namesIn(folder).filter((each) => /^\d+$/.test(each));
  versions.sort((one, other) => Number(other) - Number(one));
  return [...paths, ...versions.map((version) => path.win32.join(folder, version, 'pwsh.exe'))];
}

/** The path of a shell elsewhere: `powershell` is `powershell`, else `pwsh`. */
export function findPosixShell(name: string, environment: Environment, rules: ShellRules = {}): FoundShell {
  const { PATH = '' } = environment;
  const names = name === 'powershell' ? [name, 'pwsh'] : [name];
  const candidates = names.flatMap((each) => PATH.split(':').map((folder) => path.posix.resolve(folder || '.', each)));
  return firstGood(
    candidates.filter((file) => may(file, constants.X_OK)),
    rules,
  );
}

function firstGood(candidates: readonly string[], { isSystem = runsAsSystem() }: ShellRules): FoundShell {
  let passedOver: string | null = null;
  for (const file of candidates) {
    const why = isSystem ? distrust(file) : null;
    if (why === null) return { found: true, file };
    passedOver ??= why;
  }
  return { found: false, passedOver };
}

function distrust(file: string): string | null {
  const why = distrustPath(file);
  if (why !== null) return `${file} ${why}`;
  const above = distrustAbove(file);
  return above === null ? null : `${file}: ${above.path} ${above.why}`;
}

function runsAsSystem(): boolean {
  return process.platform === 'win32' ? ownSid() === SYSTEM_SID : process.geteuid?.() === 0;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function may(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
