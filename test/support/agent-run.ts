/**
 * The built agent with its whole command line and its end: how it is started, what it says and how it exits. Invariant: it
 * goes with the test, and nothing set on this machine reaches it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { agentToml, withoutKanade } from '../../scripts/lib/agent-process.mjs';
import { findNode24 } from '../../scripts/lib/node24.mjs';
import type { AgentClient } from '../../src/shared/client.ts';
import { connectAgent } from './agent-client.ts';
import { eventually } from './eventually.ts';
import type { Starting } from './heartbeats.ts';
import { tempDir } from './temp.ts';

const MAIN = new URL('../../dist/agent/main.js', import.meta.url).pathname;

export interface AgentEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

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
  /** Resolves when it ends without having been signalled by the test. */
  died: Promise<void> = new Promise(() => {});
  readonly #options: AgentRunOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<AgentEnd> | undefined;
  #signalled = false;

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
    return this.#child?.pid;
  }

  /** Starts it, or starts it again on the same directories. */
  start(): void {
    const args = [MAIN, '--config', this.config, ...(this.#options.args ?? [])];
    const env = { ...withoutKanade(process.env), ...this.#options.env, KANADE_AGENT_DATA_DIR: this.dataDirectory };
    this.stdout = '';
    this.stderr = '';
    this.#signalled = false;
    const stdin = args.includes('--control') ? 'pipe' : 'ignore';
    const child = spawn(findNode24(), args, { env, cwd: this.directory, stdio: [stdin, 'pipe', 'pipe'] });
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#ended = once(child, 'close').then(([code, signal]) => ({ code, signal }) as AgentEnd);
    this.died = new Promise((resolve) => {
      void this.#ended?.then(() => this.#signalled || resolve());
    });
  }

  /** How it ends, by itself or because it was asked to before. */
  async ended(): Promise<AgentEnd> {
    return (await this.#ended) ?? { code: null, signal: null };
  }

  /** Sends the signal, and resolves to how it ended. Nothing where it does not run. */
  end(signal: NodeJS.Signals): Promise<AgentEnd> {
    this.#signalled = true;
    this.#child?.kill(signal);
    return this.ended();
  }

  /** As the host of the Windows service, with `--control`. */
  say(line: string): void {
    this.#child?.stdin?.write(`${line}\n`);
  }

  /** The local socket, once it is served. */
  async connect(): Promise<AgentClient> {
    const client = await eventually(() => connectAgent({ dataDirectory: this.dataDirectory }));
    onTestFinished(() => client.close());
    return client;
  }
}

/** Settings of an agent on this broker; `more` are further tables. */
export function settings(server: { readonly url: string }, more = ''): string {
  const base = agentToml({ id: 'PC-OURS', natsUrl: server.url, logFile: 'agent.log', grace: '1s' });
  return `${base}\n[inventory]\nenabled = false\n${more}`;
}
