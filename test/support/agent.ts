/**
 * The built agent as a process of its own, as a PC runs it. Invariant: its settings, data and logs lie in one directory of
 * the test, nothing set on this machine reaches it, and it goes with the test.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import { findNode24 } from '../../scripts/bootstrap/node24.mjs';
import { AgentProcess, agentToml, withoutKanade } from '../../scripts/lib/agent-process.ts';
import type { AgentClient } from '../../src/shared/client.ts';
import { connectAgent } from './agent-client.ts';
import { eventually } from './eventually.ts';
import { heartbeatAfter } from './heartbeats.ts';
import { tempDir } from './temp.ts';

const SOCKET_MS = 10_000;

export interface AgentOptions {
  readonly server: { readonly url: string };
  /** The operator's; the agent's first heartbeat is awaited on it. */
  readonly nc: NatsConnection;
  /** `PC-OURS` by default. */
  readonly pcId?: string;
  /** Below it lie `agent.toml`, `data` and `logs`; a fresh one by default. */
  readonly directory?: string;
  /** The data directory, where it is another agent's; `<directory>/data` by default. */
  readonly dataDirectory?: string;
  /** More tables for `agent.toml`; not `[agent]` and `[log]`. Without a `[run]` of its own the grace at a stop is 2 s. */
  readonly toml?: string;
  /** On top of this process's environment without `KANADE_*`. */
  readonly env?: NodeJS.ProcessEnv;
}

/** An agent on the air; ended with the test. Rejects with what it said where it does not come up. */
export async function startAgent(options: AgentOptions): Promise<TestAgent> {
  const agent = new TestAgent(options);
  onTestFinished(() => agent.stop());
  await agent.start();
  return agent;
}

export class TestAgent {
  readonly pcId: string;
  readonly dataDirectory: string;
  readonly #options: AgentOptions;
  readonly #config: string;
  #process: AgentProcess | undefined;

  /** Not started yet. */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.pcId = options.pcId ?? 'PC-OURS';
    const directory = options.directory ?? tempDir();
    this.dataDirectory = options.dataDirectory ?? join(directory, 'data');
    this.#config = join(directory, 'agent.toml');
    mkdirSync(this.dataDirectory, { recursive: true });
    mkdirSync(join(directory, 'logs'), { recursive: true });
    const logFile = join(directory, 'logs', 'agent.log');
    const base = agentToml({ id: this.pcId, natsUrl: options.server.url, logFile });
    const { toml = '' } = options;
    const run = toml.includes('[run]') ? '' : '\n[run]\ngrace = "2s"\n';
    writeFileSync(this.#config, `${base}${run}\n${toml}\n`);
  }

  /** The end of what it wrote since it was started last. */
  get log(): string {
    return this.#process?.log ?? '';
  }

  /** Starts it, or starts it again on the same directory; resolves at its first heartbeat. */
  async start(): Promise<void> {
    await heartbeatAfter(this.#options.nc, this.pcId, this.#prepare());
  }

  /** The same without waiting for anything: for a broker that is away. */
  launch(): void {
    this.#prepare().start();
  }

  #prepare(): AgentProcess {
    this.#process = new AgentProcess({
      node: findNode24(),
      config: this.#config,
      dataDir: this.dataDirectory,
      env: { ...withoutKanade(process.env), ...this.#options.env },
    });
    return this.#process;
  }

  /** As the service manager would. */
  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** The local socket as the command line sees it; waits until the agent serves it. The caller's test closes it. */
  async connect(): Promise<AgentClient> {
    const client = await eventually(() => connectAgent({ dataDirectory: this.dataDirectory }), SOCKET_MS);
    onTestFinished(() => client.close());
    return client;
  }
}
