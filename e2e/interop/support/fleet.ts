/**
 * A fleet run by the original's own backend and command line, for one test. Invariant: broker, backend, agents and files are
 * the test's own, on free loopback ports, and end with it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { agentToml } from '../../../scripts/lib/agent-process.ts';
import { type OriginalRelease, SEED } from '../../../scripts/lib/interop-tools.ts';
import { startAgent, type TestAgent } from '../../../test/support/agent.ts';
import { operator } from '../../../test/support/fleet.ts';
import { heartbeatAfter } from '../../../test/support/heartbeats.ts';
import { type NatsServer, startNatsServer } from '../../../test/support/nats-server.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { type Called, call, Program, standInPath } from './program.ts';
import { untilFound } from './waiting.ts';

const TOKEN = 'operator-of-this-test';
export const OURS = 'PC-OURS';
export const THEIRS = 'PC-THEIRS';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

export interface Place {
  readonly pcId?: string;
  /** Where both agents find each other's files. */
  readonly dataDirectory?: string;
}

export class OriginalFleet {
  readonly server: NatsServer;
  readonly nc: NatsConnection;
  readonly #backendUrl: string;
  readonly #release: OriginalRelease;

  constructor(server: NatsServer, nc: NatsConnection, backendUrl: string, release: OriginalRelease) {
    this.server = server;
    this.nc = nc;
    this.#backendUrl = backendUrl;
    this.#release = release;
  }

  /** Our agent, with the stand-ins on its PATH. */
  ours(place: Place & { toml?: string } = {}): Promise<TestAgent> {
    return startAgent({ server: this.server, nc: this.nc, pcId: OURS, env: standInPath, ...place });
  }

  /** The original agent, with the same stand-ins on its PATH. */
  async theirs({ pcId = THEIRS, dataDirectory }: Place = {}): Promise<Program> {
    const directory = tempDir();
    const config = join(directory, 'agent.toml');
    const data = dataDirectory ?? join(directory, 'data');
    mkdirSync(data, { recursive: true });
    const logFile = join(directory, 'logs', 'agent.log');
    writeFileSync(config, agentToml({ id: pcId, natsUrl: this.server.url, logFile }));
    const agent = new Program('kanade-agent', ['--config', config], { ...standInPath, KANADE_AGENT_DATA_DIR: data });
    await heartbeatAfter(this.nc, pcId, agent);
    return agent;
  }

  /** Starts the stopped broker again; resolves when the operator's connection is back too. */
  async brokerBack(): Promise<void> {
    await this.server.start();
    await untilFound('the operator is connected again', () =>
      this.nc.flush().then(
        () => true,
        () => undefined,
      ),
    );
  }

  /** `kanade …`, to its end. */
  kanade(...args: readonly string[]): Promise<Called> {
    return this.kanadeWith({}, ...args);
  }

  /** The same with more in its environment. */
  kanadeWith(more: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Called> {
    const env = {
      ...more,
      KANADE_NATS_URL: this.server.url,
      KANADE_BACKEND_URL: this.#backendUrl,
      KANADE_AUTH_TOKEN: TOKEN,
      // Its log goes to standard output too.
      RUST_LOG: 'off',
    };
    return call('kanade', args, env, this.#release);
  }

  /** `kanade …` that must succeed; its standard output. */
  async kanadeOk(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.kanade(...args);
    if (code !== 0) throw new Error(`kanade ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Registers a job that runs `script`. */
  createJob(id: string, script: string, fields: JobFields = {}): Promise<void> {
    const { version = '1.0.0', ...rest } = fields;
    return this.#create('job', { id, version, execute: { shell: 'powershell', script, timeout: '20s' }, ...rest });
  }

  /** Registers a schedule (protocol §3.7). */
  createSchedule(schedule: { readonly id: string; readonly [field: string]: unknown }): Promise<void> {
    return this.#create('schedule', schedule);
  }

  #create(
    kind: 'job' | 'schedule',
    document: { readonly id: string; readonly [field: string]: unknown },
  ): Promise<void> {
    // JSON is YAML.
    return this.createFrom(kind, JSON.stringify(document));
  }

  /** Registers what is written in YAML. */
  async createFrom(kind: 'job' | 'schedule', yaml: string): Promise<void> {
    const file = join(tempDir(), `${kind}.yaml`);
    writeFileSync(file, yaml);
    await this.kanadeOk(kind, 'create', file);
  }

  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.#http<T>('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  post<T>(path: string, body: object = {}): Promise<Answer<T>> {
    return this.#http<T>('POST', path, body);
  }

  async #http<T>(method: string, path: string, body?: object): Promise<Answer<T>> {
    const response = await fetch(`${this.#backendUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: parseOr(text) as T };
  }
}

export interface JobFields {
  readonly version?: string;
  readonly staleness?: object;
  readonly inventory?: object;
}

export interface BackendOptions {
  readonly release?: OriginalRelease;
  /** Of the backend. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Broker and backend; the backend makes streams and buckets itself. */
export async function startOriginalFleet({ release = SEED, env = {} }: BackendOptions = {}): Promise<OriginalFleet> {
  const server = await startNatsServer();
  const port = await freePort();
  const bind = `127.0.0.1:${port}`;
  const directory = tempDir();
  const config = join(directory, 'backend.toml');
  const text = (value: string) => JSON.stringify(value);
  const lines = ['[server]', `bind = ${text(bind)}`, '[nats]', `url = ${text(server.url)}`];
  lines.push('[db]', `sqlite_path = ${text(join(directory, 'backend.sqlite'))}`);
  lines.push('[log]', `path = ${text(join(directory, 'backend.log'))}`, 'level = "warn"');
  writeFileSync(config, lines.join('\n'));
  const secrets = { ...env, KANADE_AUTH_STATIC_TOKEN: TOKEN };
  const backend = new Program('kanade-backend', ['--config', config], secrets, release);
  backend.start();
  const url = `http://${bind}`;
  await untilFound('the backend answers', () =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok || undefined,
      () => undefined,
    ),
  );
  return new OriginalFleet(server, await operator(server), url, release);
}

/** Free a moment ago; the backend can't say which one it took. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
