/**
 * The built agent with its whole command line and its end: how it is started, what it says and how it exits. Invariant: it
 * goes with the test, and nothing set on this machine reaches it.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { findNode24 } from '../../scripts/bootstrap/node24.mjs';
import { agentToml, askToEnd, CONTROL, withoutKanade } from '../../scripts/lib/agent-process.ts';
import { ManagedProcess, type ProcessEnd } from '../../scripts/lib/managed-process.ts';
import type { AgentClient } from '../../src/shared/client.ts';
import { connectAgent } from './agent-client.ts';
import { eventually } from './eventually.ts';
import type { Starting } from './heartbeats.ts';
import { tempDir } from './temp.ts';

/** Beyond the agent's own deadlines for a stop. */
const STOP_MS = 50_000;
const MAIN = fileURLToPath(new URL('../../dist/agent/main.js', import.meta.url));

export interface AgentRunOptions {
  /** Besides `--config FILE`. */
  readonly args?: readonly string[];
  /** The text of `agent.toml`; null: there is none. */
  readonly toml: string | null;
  /** A fresh one by default; may be a mount. */
  readonly dataDirectory?: string;
  /** Makes `dataDirectory` by default. */
  readonly makesData?: boolean;
  /** Where the broker's token and the like come from. */
  readonly env?: NodeJS.ProcessEnv;
}

export class AgentRun implements Starting {
  readonly directory = tempDir();
  readonly dataDirectory: string;
  readonly config: string;
  stdout = '';
  stderr = '';
  readonly #options: AgentRunOptions;
  readonly #process = new ManagedProcess(() => this.#launch(), { stopMs: STOP_MS, askToEnd });

  constructor(options: AgentRunOptions) {
    this.#options = options;
    this.dataDirectory = options.dataDirectory ?? join(this.directory, 'data');
    this.config = join(this.directory, 'agent.toml');
    if (options.toml !== null) writeFileSync(this.config, options.toml);
    if (options.makesData !== false) mkdirSync(this.dataDirectory, { recursive: true });
    onTestFinished(async () => void (await this.end('SIGKILL')));
  }

  get log(): string {
    return (this.stdout + this.stderr).slice(-16_000);
  }

  get pid(): number | undefined {
    return this.#process.child?.pid;
  }

  /** Resolves when it ends without having been signalled by the test. */
  get died(): Promise<void> {
    return this.#process.died;
  }

  /** Starts it, or starts it again on the same directories. */
  start(): void {
    this.stdout = '';
    this.stderr = '';
    const child = this.#process.start();
    child.stdout?.on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.on('data', (text: string) => {
      this.stderr += text;
    });
  }

  #launch(): ChildProcess {
    const args = [MAIN, '--config', this.config, ...(this.#options.args ?? []), ...CONTROL];
    const env = { ...withoutKanade(process.env), ...this.#options.env, KANADE_AGENT_DATA_DIR: this.dataDirectory };
    const stdin = args.includes('--control') ? 'pipe' : 'ignore';
    const stdio: StdioOptions = [stdin, 'pipe', 'pipe'];
    return spawn(findNode24(), args, { env, cwd: this.directory, stdio, windowsHide: true });
  }

  /** How it ends, by itself or because it was asked to before. */
  ended(): Promise<ProcessEnd> {
    return this.#process.ended;
  }

  /** Sends the signal, and resolves to how it ended. Nothing where it does not run. */
  end(signal: NodeJS.Signals): Promise<ProcessEnd> {
    return this.#process.end(signal);
  }

  /** As the host of the Windows service, with `--control`. */
  say(line: string): void {
    this.#process.child?.stdin?.write(`${line}\n`);
  }

  /** The local socket, once it is served. */
  async connect(as: { readonly account?: string } = {}): Promise<AgentClient> {
    const client = await eventually(() => connectAgent({ dataDirectory: this.dataDirectory, ...as }));
    onTestFinished(() => client.close());
    return client;
  }
}

/** Settings of an agent on this broker; `more` are further tables. */
export function settings(server: { readonly url: string }, more = ''): string {
  const base = agentToml({ id: 'PC-OURS', natsUrl: server.url, logFile: 'agent.log', grace: '1s' });
  return `${base}\n[inventory]\nenabled = false\n${more}`;
}
