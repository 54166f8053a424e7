/**
 * The agents that are measured. Invariant: one at a time is at work, each has a fresh data directory unless a measure
 * prepares one, and none outlives the benchmark.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '../scripts/lib/managed-process.ts';

export const CONTENDERS = ['ours', 'original', 'bare'] as const;
export type Contender = (typeof CONTENDERS)[number];

/** Our default, and what the bare limit gets (configuration.md: max(4, 2 × cores)). */
export const PARALLEL = Math.max(4, 2 * availableParallelism());

export const AGENT_MAIN = fileURLToPath(new URL('../dist/agent/main.js', import.meta.url));
const BARE_AGENT = fileURLToPath(new URL('bare/agent.mjs', import.meta.url));
const LOOP_WATCH = new URL('loop-watch.mjs', import.meta.url).href;
const STOP_MS = 10_000;

export interface Launch {
  readonly contender: Contender;
  readonly natsUrl: string;
  readonly pcId: string;
  /** Its data, settings and logs; made if it is not there. */
  readonly directory: string;
  /** More lines for our agent.toml. */
  readonly ourSettings?: string;
  /** Goes before everything else on its PATH; absent: the stand-in for `powershell`. */
  readonly shellDirectory?: string;
  /** Ours and the bare limit tell how long their event loop was held (loop-hold.ts). */
  readonly watchLoop?: boolean;
}

export interface Programs {
  readonly node: string;
  readonly original: string;
  /** Goes before everything else on their PATH. */
  readonly standInDirectory: string;
}

export class Agent {
  readonly pid: number;
  readonly pcId: string;
  readonly contender: Contender;
  readonly directory: string;
  /** When it was spawned (`performance.now()`). */
  readonly spawnedMs: number;
  readonly #process: ManagedProcess;

  private constructor(process: ManagedProcess, spawnedMs: number, launch: Launch) {
    this.#process = process;
    this.pid = process.child?.pid ?? -1;
    this.pcId = launch.pcId;
    this.contender = launch.contender;
    this.directory = launch.directory;
    this.spawnedMs = spawnedMs;
  }

  /** Starts it; it is on the air when its heartbeat comes. */
  static start(launch: Launch, programs: Programs): Agent {
    mkdirSync(launch.directory, { recursive: true });
    const [file, args] = commandOf(launch, programs);
    const log = openSync(join(launch.directory, 'stderr.log'), 'a');
    const env = environment(launch, programs);
    // As whoever measures from outside starts it. `exec`: the shell becomes the agent, so its number is the agent's.
    const exec = ['-c', 'exec "$0" "$@"', file, ...args];
    const spawnAgent = () => spawn('/bin/sh', exec, { env, stdio: ['ignore', 'ignore', log], cwd: launch.directory });
    const agent = new ManagedProcess(spawnAgent, { stopMs: STOP_MS });
    const spawnedMs = performance.now();
    agent.start();
    return new Agent(agent, spawnedMs, launch);
  }

  /** Resolves when it has ended; kills it when it does not end by itself. */
  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

/** Where an agent keeps its data below the directory of its launch. */
export function dataDirectory(directory: string): string {
  return join(directory, 'data');
}

/** Where it writes for how long its event loop was held. */
export function loopFile(directory: string): string {
  return join(directory, 'loop-hold');
}

function commandOf(launch: Launch, programs: Programs): [string, string[]] {
  const watching = launch.watchLoop === true ? ['--import', LOOP_WATCH] : [];
  if (launch.contender === 'bare') {
    return [programs.node, [...watching, BARE_AGENT, launch.natsUrl, launch.pcId, String(PARALLEL)]];
  }
  const config = join(launch.directory, 'agent.toml');
  writeFileSync(config, settings(launch));
  if (launch.contender === 'original') return [programs.original, ['--config', config]];
  return [programs.node, [...watching, AGENT_MAIN, '--config', config]];
}

function settings({ pcId, natsUrl, directory, contender, ourSettings }: Launch): string {
  const text = (value: string) => JSON.stringify(value);
  const lines = ['[agent]', `id = ${text(pcId)}`, `nats_url = ${text(natsUrl)}`];
  lines.push('', '[log]', `path = ${text(join(directory, 'logs', 'agent.log'))}`, 'level = "info"');
  if (contender === 'ours' && ourSettings !== undefined) lines.push('', ourSettings);
  return `${lines.join('\n')}\n`;
}

function environment({ directory, shellDirectory }: Launch, { standInDirectory }: Programs): NodeJS.ProcessEnv {
  const foreign = (name: string) => name.startsWith('KANADE_') || name === 'RUST_LOG' || name.startsWith('npm_');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign(name)));
  return {
    ...env,
    PATH: `${shellDirectory ?? standInDirectory}${delimiter}${env.PATH ?? ''}`,
    POWERSHELL_TELEMETRY_OPTOUT: '1',
    KANADE_AGENT_DATA_DIR: dataDirectory(directory),
    BENCH_LOOP_FILE: loopFile(directory),
  };
}
