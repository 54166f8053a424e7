/**
 * Where configuration, data and logs lie (protocol §9.4, architecture §8). A service and a headless agent use the directories
 * of the original, in tray mode each user has their own; clients find the socket by the same rule.
 */
import { join, posix, win32 } from 'node:path';
import type { Hosting } from './states.ts';

export interface Directories {
  readonly config: string;
  readonly data: string;
  readonly logs: string;
  /** Our own files beside those of the original: store, socket, staging. */
  readonly agentDir: string;
  /** In tray mode, the directory of the machine's settings that lie under the user's; else null. */
  readonly machineConfig: string | null;
  /** True where `KANADE_AGENT_DATA_DIR` names the data directory. */
  readonly dataFromEnvironment: boolean;
}

export interface DirectoryInput {
  readonly startedAs: Hosting;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The start directory, for a relative `KANADE_AGENT_DATA_DIR`; null: it is gone. */
  readonly cwd: string | null;
  /** The user's home directory, for tray mode. */
  readonly home: string;
}

/** Where this process was started; null: that directory is gone. Only a relative path needs it. */
export function startDirectory(): string | null {
  try {
    return process.cwd();
  } catch {
    return null;
  }
}

/** `message` is a sentence for people. */
export class StartDirectoryGone extends Error {
  override readonly name = 'StartDirectoryGone';
}

/** @throws {@link StartDirectoryGone} where `KANADE_AGENT_DATA_DIR` is relative to it */
export function directoriesOf(input: DirectoryInput): Directories {
  const path = input.platform === 'win32' ? win32 : posix;
  const base = input.startedAs === 'tray' ? userDirectories(input) : machineDirectories(input);
  const named = nonEmpty(input.env.KANADE_AGENT_DATA_DIR);
  const data = named === undefined ? base.data : absoluteData(named, input.cwd, path);
  return {
    ...base,
    data,
    agentDir: path.join(data, 'kanade-tray'),
    machineConfig: input.startedAs === 'tray' ? machineDirectories(input).config : null,
    dataFromEnvironment: named !== undefined,
  };
}

function absoluteData(named: string, cwd: string | null, path: typeof posix): string {
  if (path.isAbsolute(named)) return path.resolve(named);
  if (cwd !== null) return path.resolve(cwd, named);
  throw new StartDirectoryGone(
    `KANADE_AGENT_DATA_DIR is "${named}", and the directory that this was started in is gone`,
  );
}

interface Base {
  readonly config: string;
  readonly data: string;
  readonly logs: string;
}

function machineDirectories({ platform, env }: DirectoryInput): Base {
  if (platform !== 'win32') return { config: '/etc/kanade', data: '/var/lib/kanade', logs: '/var/log/kanade' };
  return below(win32.join(nonEmpty(env.ProgramData) ?? 'C:\\ProgramData', 'Kanade'));
}

function userDirectories({ platform, env, home }: DirectoryInput): Base {
  if (platform === 'win32') {
    return below(win32.join(nonEmpty(env.LOCALAPPDATA) ?? win32.join(home, 'AppData', 'Local'), 'Kanade Tray'));
  }
  const state = posix.join(absolute(env.XDG_STATE_HOME) ?? posix.join(home, '.local', 'state'), 'kanade-tray');
  const config = posix.join(absolute(env.XDG_CONFIG_HOME) ?? posix.join(home, '.config'), 'kanade-tray');
  return { config, data: state, logs: posix.join(state, 'logs') };
}

function below(root: string): Base {
  return { config: win32.join(root, 'config'), data: win32.join(root, 'data'), logs: win32.join(root, 'logs') };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** The XDG specification: a relative path is to be ignored. */
function absolute(text: string | undefined): string | undefined {
  return text !== undefined && posix.isAbsolute(text) ? text : undefined;
}

/** Where an account finds the agent's address and its token (threat-model §1); `own` as in {@link Directories}. */
export function endpointFile(agentDir: string, account: string): string {
  return join(agentDir, 'ipc', account, 'endpoint.json');
}

/** Where an agent that ended for its settings says so, for whoever looks for it. */
export function startFailureFile(agentDir: string): string {
  return join(agentDir, 'start-failure.json');
}
