/**
 * Which variables of the agent's environment an administrator has set on purpose: in the files of its unit (`Environment=`,
 * `EnvironmentFile=`, `PassEnvironment=`) or for all units (`DefaultEnvironment=`); on Windows what the account of the agent gets
 * at its sign-in. Invariant: names only, and only from files that root alone writes; what can't be read names nothing.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { atEnd } from '../base/at-end.ts';
import { environmentOf } from './windows/environment-block.ts';
import { native } from './windows/native.ts';
import { ownTokenIn } from './windows/tokens.ts';

export interface SystemdFiles {
  /** Default: that of this process. */
  readonly cgroup?: string;
  /** Default: `/`. */
  readonly root?: string;
}

const UNIT_DIRECTORIES = [
  'etc/systemd/system.control',
  'run/systemd/system.control',
  'run/systemd/transient',
  'etc/systemd/system',
  'run/systemd/system',
  'usr/local/lib/systemd/system',
  'usr/lib/systemd/system',
  'lib/systemd/system',
];
const MANAGER_FILES = ['system.conf', 'system.conf.d/*.conf'];
const MANAGER_DIRECTORIES = ['etc/systemd', 'run/systemd', 'usr/local/lib/systemd', 'usr/lib/systemd'];

/** Names that were set on purpose; none where that can't be told. */
export function variablesSetByIt(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string[] {
  if (platform === 'win32') return namesOfOwnAccount();
  // Set by systemd for each unit.
  return env.INVOCATION_ID === undefined ? [] : namesInUnit();
}

/** Names in the files of the unit that this process belongs to. */
export function namesInUnit({ cgroup = '/proc/self/cgroup', root = '/' }: SystemdFiles = {}): string[] {
  const unit = /\/([^/]+\.service)(?:\/|$)/m.exec(textOf(cgroup))?.[1];
  if (unit === undefined) return [];
  const own = [unit, ...dropInDirectories(unit).map((directory) => `${directory}/*.conf`)];
  const files = UNIT_DIRECTORIES.flatMap((directory) => matching(root, directory, own));
  const managers = MANAGER_DIRECTORIES.flatMap((directory) => matching(root, directory, MANAGER_FILES));
  const text = [...files, ...managers].map(textOf).join('\n').replaceAll(/\\\n/g, ' ');
  return [...new Set(text.split('\n').flatMap((line) => namesInLine(line, root)))];
}

/** `a-b.service`: also `a-.service.d` and `service.d` (systemd.unit(5)). */
function dropInDirectories(unit: string): string[] {
  const parts = unit.replace(/\.service$/, '').split('-');
  const shorter = parts.slice(1).map((_, at) => `${parts.slice(0, at + 1).join('-')}-.service.d`);
  return [`${unit}.d`, ...shorter, 'service.d'];
}

function matching(root: string, directory: string, patterns: readonly string[]): string[] {
  return patterns
    .flatMap((pattern) => globSync(pattern, { cwd: join(root, directory) }))
    .map((name) => join(root, directory, name));
}

function namesInLine(line: string, root: string): string[] {
  const [, key, value = ''] =
    /^\s*(Environment|EnvironmentFile|PassEnvironment|DefaultEnvironment)\s*=(.*)$/.exec(line) ?? [];
  if (key === 'PassEnvironment') return value.split(/\s+/).filter((name) => name !== '');
  if (key === 'EnvironmentFile') return namesInFiles(join(root, value.trim().replace(/^-/, '')));
  return key === undefined ? [] : assigned(value, /(?:^|\s)["']?([A-Za-z_]\w*)=/g);
}

function namesInFiles(pattern: string): string[] {
  return globSync(pattern).flatMap((file) => assigned(textOf(file), /^\s*(?:export\s+)?([A-Za-z_]\w*)=/gm));
}

function assigned(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, name]) => name ?? []);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function namesOfOwnAccount(): string[] {
  try {
    const token = ownTokenIn(null);
    using _ = atEnd(() => native().CloseHandle(token));
    return Object.keys(environmentOf(token));
  } catch {
    return [];
  }
}
