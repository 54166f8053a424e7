/**
 * Before anything is obeyed: who could have written it (threat-model §4). Checked are the settings and their
 * directory, policies, the data directory, the key of the secrets, and the directory that we run from; files with secrets are
 * checked when they are read. Whoever could change one of them would decide what runs as the system.
 */
import { existsSync } from 'node:fs';
import { dirname, join, win32 } from 'node:path';
import { POLICY_FILE, POLICY_KEY } from '../../platform/policies.ts';
import { SECRETS_KEY } from '../../platform/secrets.ts';
import { distrustAbove, distrustPath } from '../../platform/trusted-path.ts';
import { PRIVATE_KEY, PRIVATE_TREE } from '../../platform/windows/access.ts';
import { SYSTEM_SID } from '../../platform/windows/access-list.ts';
import { secureKey, untrustedKey } from '../../platform/windows/registry-write.ts';
import { secureDirectory } from '../../platform/windows/secure-directory.ts';
import { NotSecured } from '../../platform/windows/set-aside.ts';
import { ownSid } from '../../platform/windows/sids.ts';
import type { Directories } from '../../shared/directories.ts';
import type { Hosting } from '../../shared/states.ts';

export interface TrustInput {
  readonly startedAs: Hosting;
  readonly directories: Directories;
  /** The settings files that would be read, whether they are there or not. */
  readonly files: readonly string[];
  /** Where our own program lies. */
  readonly program: string;
  /** False: a share on which the data lies does not answer, so that it can't be checked now. */
  readonly dataAnswers: boolean;
}

export interface Distrust {
  /** A file, a directory, or a registry key. */
  readonly path: string;
  /** Completes "… : …", for people. */
  readonly why: string;
}

/** The first thing that somebody else could have changed; null: nobody could. */
export function distrusted({ startedAs, directories, files, program, dataAnswers }: TrustInput): Distrust | null {
  const isService = startedAs === 'service';
  const isWindows = process.platform === 'win32';
  const { data, agentDir, logs } = directories;
  const programs = isService ? programDirectories(program) : [];
  const stores = dataAnswers ? [data, agentDir] : [];
  // Elsewhere the log is opened through no link.
  const log = isService && isWindows ? [logs] : [];
  const policies = isService && !isWindows ? [dirname(POLICY_FILE)] : [];
  const paths = [...files.flatMap((file) => [dirname(file), file]), ...policies, ...stores, ...log, ...programs];
  const missing = isService && isWindows && ownSid() === SYSTEM_SID ? makeMissing(directories) : null;
  if (missing !== null) return missing;
  const found = firstDistrusted(new Set(paths));
  if (found !== null) return found;
  // A person or a test may have its directories wherever it likes; what runs as the system has a whole way to them.
  if (isService) {
    for (const path of [...files, ...stores.slice(-1), ...programs.slice(-1)]) {
      const above = distrustAbove(path);
      if (above !== null) return above;
    }
  }
  for (const key of isWindows && isService ? [SECRETS_KEY, POLICY_KEY] : []) {
    const why = untrustedKey(key);
    if (why !== null) return { path: `HKLM\\${key}`, why };
  }
  return null;
}

/** The data directory alone, where it has answered only later. */
export function distrustedData({ data, agentDir }: Directories): Distrust | null {
  return firstDistrusted([data, agentDir]);
}

function firstDistrusted(paths: Iterable<string>): Distrust | null {
  for (const path of paths) {
    const why = distrustPath(path);
    if (why !== null) return { path, why };
  }
  return null;
}

/** From where it is installed only: a checkout is whose it is. */
function programDirectories(program: string): string[] {
  if (process.platform !== 'win32') return /^\/(?:usr|opt)\//.test(program) ? [program] : [];
  const version = win32.dirname(program);
  const versions = win32.dirname(version);
  const root = win32.dirname(versions);
  return existsSync(join(root, 'current.json')) ? [program, version, versions, join(root, 'bin'), root] : [];
}

/** What the set-up makes, where somebody has removed it since: nobody else may make it before us. */
function makeMissing(directories: Directories): Distrust | null {
  const { config, data, logs } = directories;
  const home = win32.dirname(config);
  const wanted = [
    [home, PRIVATE_TREE],
    [config, PRIVATE_TREE],
    [data, PRIVATE_TREE],
    [logs, PRIVATE_TREE],
  ] as const;
  try {
    for (const [path, sddl] of wanted) if (!existsSync(path)) secureDirectory(path, sddl, { deep: false }, () => {});
  } catch (error) {
    if (!(error instanceof NotSecured)) throw error;
    return { path: home, why: error.message };
  }
  secureKey(SECRETS_KEY, PRIVATE_KEY);
  return null;
}
