/**
 * A real nats-server with JetStream on 127.0.0.1, for the demo and the tests. Invariant: it keeps its port and its store
 * over stops and starts.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ManagedProcess } from './managed-process.ts';
import { until } from './waiting.ts';

const START_MS = 20_000;
const STOP_MS = 10_000;
const POLL_MS = 5;

interface BrokerOptions {
  /** Nats-server */
  readonly binary: string;
  /** For its configuration and its store; the caller removes it */
  readonly directory: string;
  /** Of clients; otherwise a free one */
  readonly port?: number;
  /** More configuration in nats-server's own language: users, TLS, a websocket, limits */
  readonly config?: string;
  /** A Ctrl-C at the terminal does not reach it */
  readonly ownGroup?: boolean;
}

export class Broker {
  readonly #options;
  readonly #process: ManagedProcess;
  #endpoints: Record<string, string[]> = {};

  constructor(options: BrokerOptions) {
    this.#options = { port: -1, config: '', ownGroup: false, ...options };
    const { binary, directory, ownGroup } = this.#options;
    mkdirSync(directory, { recursive: true });
    const launch = () =>
      spawn(binary, ['-c', this.#configFile], {
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: ownGroup,
        windowsHide: true,
      });
    this.#process = new ManagedProcess(launch, { stopMs: STOP_MS });
  }

  /** `nats://127.0.0.1:PORT` */
  get url() {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Known after the first start, and the same from then on. */
  get port() {
    return this.#options.port;
  }

  get pid() {
    return this.#process.child?.pid;
  }

  get running() {
    return this.#process.running;
  }

  /** Where JetStream keeps its files. */
  get storeDir() {
    return join(this.#options.directory, 'jetstream');
  }

  /** All addresses by kind (`nats`, `websocket`, `monitoring`), as the server reports them. */
  get endpoints() {
    return this.#endpoints;
  }

  /** The end of what it wrote about itself. */
  get log() {
    return this.#process.log;
  }

  /** Resolves when it ends without being asked to. */
  get died() {
    return this.#process.died;
  }

  /** Starts it, or starts it again; resolves when it accepts connections. */
  async start() {
    const { binary, directory } = this.#options;
    writeFileSync(this.#configFile, this.#configText());
    const { pid } = this.#process.start();
    const ports = join(directory, `${basename(binary)}_${pid}.ports`);
    this.#endpoints = await this.#ready(ports);
    rmSync(ports, { force: true });
    this.#options.port = Number(new URL(this.#endpoints.nats?.[0] ?? this.#endpoints.tls?.[0] ?? '').port);
  }

  /** Ends it in an orderly way. */
  async stop() {
    this.resume();
    await this.#process.stop();
  }

  /** Ends it as a power cut would. */
  async kill() {
    await this.#process.kill();
  }

  /** `empty`: it comes back on the same port without streams, buckets and messages. */
  async restart({ empty = false }: { empty?: boolean } = {}) {
    await this.stop();
    if (empty) rmSync(this.storeDir, { recursive: true, force: true });
    await this.start();
  }

  /** Freezes it: connections stay open and nothing answers any more (a half-open link). Not on Windows. */
  async pause() {
    const { child } = this.#process;
    child?.kill('SIGSTOP');
    const stands = () => !this.running || !someThreadRuns(child?.pid);
    await until('the broker stands still', stands, { timeoutMs: STOP_MS, everyMs: POLL_MS });
  }

  resume() {
    if (process.platform !== 'win32') this.#process.child?.kill('SIGCONT');
  }

  get #configFile() {
    return join(this.#options.directory, 'nats-server.conf');
  }

  #configText() {
    const { directory, port, config } = this.#options;
    return [
      'host: "127.0.0.1"',
      `port: ${port}`,
      `ports_file_dir: ${JSON.stringify(directory)}`,
      `jetstream { store_dir: ${JSON.stringify(this.storeDir)} }`,
      config,
      '',
    ].join('\n');
  }

  /** The server writes the file once it listens; a client may then connect. */
  async #ready(portsFile: string): Promise<Record<string, string[]>> {
    const check = async () => {
      const endpoints = readPorts(portsFile);
      if (endpoints || this.running) return endpoints;
      const { code, signal } = await this.#process.ended;
      throw new Error(`it ended with ${signal ?? code}`);
    };
    try {
      return await until('it says that it listens', check, { timeoutMs: START_MS, everyMs: POLL_MS });
    } catch (error) {
      await this.kill();
      throw new Error(`nats-server did not start: ${(error as Error).message}\n${this.log}`);
    }
  }
}

/** @returns nothing while it is absent or half written */
function readPorts(file: string): Record<string, string[]> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A stop signal reaches the threads of a process one after the other, and each may still answer until then. */
function someThreadRuns(pid: number | undefined) {
  if (process.platform !== 'linux' || pid === undefined) return false;
  return readdirSync(`/proc/${pid}/task`).some((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')')).split(' ')[1] !== 'T';
  });
}
