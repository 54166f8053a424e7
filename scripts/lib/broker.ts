/**
 * A real nats-server with JetStream on 127.0.0.1, for the demo and the tests. Invariant: it keeps its port and its store
 * over stops and starts, and it never outlives the process that started it in an orderly way.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const START_MS = 20_000;
const STOP_MS = 10_000;
const POLL_MS = 5;
const KEPT_LOG_CHARS = 8_000;

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
  #options;
  #child: ReturnType<typeof spawn> | undefined;
  #endpoints: Record<string, string[]> = {};
  #log = '';
  #stopping = false;
  #onDeath: () => void = () => {};

  /** Resolves when it ends without being asked to. */
  died = new Promise<void>((resolve) => {
    this.#onDeath = resolve;
  });

  constructor(options: BrokerOptions) {
    this.#options = { port: -1, config: '', ownGroup: false, ...options };
    mkdirSync(options.directory, { recursive: true });
    process.on('exit', this.#onExit);
  }

  #onExit = () => void this.#child?.kill('SIGKILL');

  /** `nats://127.0.0.1:PORT` */
  get url() {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Known after the first start, and the same from then on. */
  get port() {
    return this.#options.port;
  }

  get pid() {
    return this.#child?.pid;
  }

  get running() {
    return this.#child !== undefined;
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
    return this.#log;
  }

  /** Starts it, or starts it again; resolves when it accepts connections. */
  async start() {
    if (this.#child) throw new Error('the broker runs already');
    this.#stopping = false;
    const { binary, directory, ownGroup } = this.#options;
    const configFile = join(directory, 'nats-server.conf');
    writeFileSync(configFile, this.#configText());
    const child = spawn(binary, ['-c', configFile], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: ownGroup,
      windowsHide: true,
    });
    this.#child = child;
    child.on('exit', () => {
      if (this.#child === child) this.#child = undefined;
      if (!this.#stopping) this.#onDeath();
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#log = (this.#log + text).slice(-KEPT_LOG_CHARS);
    });
    const ports = join(directory, `${basename(binary)}_${child.pid}.ports`);
    this.#endpoints = await this.#ready(child, ports);
    rmSync(ports, { force: true });
    this.#options.port = Number(new URL(this.#endpoints.nats?.[0] ?? this.#endpoints.tls?.[0] ?? '').port);
  }

  /** Ends it in an orderly way. */
  async stop() {
    this.resume();
    await this.#end('SIGTERM');
  }

  /** Ends it as a power cut would. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /**
   * Stops it and starts it again on the same port.
   * @param options `empty`: it comes back without streams, buckets and messages
   */
  async restart({ empty = false }: { empty?: boolean } = {}) {
    await this.stop();
    if (empty) rmSync(this.storeDir, { recursive: true, force: true });
    await this.start();
  }

  /** Freezes it: connections stay open and nothing answers any more (a half-open link). Not on Windows. */
  async pause() {
    this.#child?.kill('SIGSTOP');
    while (this.#child?.pid && someThreadRuns(this.#child.pid)) await delay(POLL_MS);
  }

  resume() {
    if (process.platform !== 'win32') this.#child?.kill('SIGCONT');
  }

  /** Stops it for good. */
  async dispose() {
    await this.stop();
    process.off('exit', this.#onExit);
  }

  async #end(signal: NodeJS.Signals) {
    const child = this.#child;
    this.#stopping = true;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(timer);
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
  async #ready(child: ChildProcess, portsFile: string): Promise<Record<string, string[]>> {
    const deadline = Date.now() + START_MS;
    let failure = '';
    child.on('error', (error) => {
      failure = error.message;
    });
    for (;;) {
      const endpoints = readPorts(portsFile);
      if (endpoints) return endpoints;
      if (failure === '' && child.exitCode !== null) failure = `it ended with ${child.exitCode}`;
      if (failure === '' && child.signalCode !== null) failure = `${child.signalCode} ended it`;
      if (failure === '' && Date.now() > deadline) failure = 'it did not say that it listens';
      if (failure !== '') {
        child.kill('SIGKILL');
        this.#child = undefined;
        throw new Error(`nats-server did not start: ${failure}\n${this.#log}`);
      }
      await delay(POLL_MS);
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
function someThreadRuns(pid: number) {
  if (process.platform !== 'linux') return false;
  return readdirSync(`/proc/${pid}/task`).some((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')')).split(' ')[1] !== 'T';
  });
}
