/** What every measure works with: one broker for all of them, an operator's connection, and agents that come and go. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Broker } from '../scripts/lib/broker.ts';
import { api, command, provision } from '../scripts/lib/fleet.ts';
import { until } from '../scripts/lib/waiting.ts';
import { Book } from './book.ts';
import { Agent, CONTENDERS, type Contender, dataDirectory, type Programs } from './contenders.ts';
import { ScriptEnds } from './script-ends.ts';
import type { Sizes } from './sizes.ts';
import { makeStandIn, type StandIn } from './stand-in.ts';
import { StoredResults } from './stored-results.ts';
import { within } from './waiting.ts';

const ON_AIR_MS = 20_000;
const FIRST_RESULT_MS = 15_000;
const AGAIN_MS = 1_500;

export interface Tools {
  readonly node: string;
  readonly original: string;
  readonly natsServer: string;
}

export interface StartOptions {
  /** Fills the data directory before the start. */
  readonly prepare?: (data: string) => void | Promise<void>;
  readonly ourSettings?: string;
  readonly watchLoop?: boolean;
  readonly shellDirectory?: string;
  /** Wait until it has run a command; default true. */
  readonly ready?: boolean;
}

export class Bench {
  readonly book = new Book();
  readonly directory: string;
  readonly sizes: Sizes;
  readonly signal: AbortSignal;
  readonly nc: NatsConnection;
  readonly results: StoredResults;
  readonly ends: ScriptEnds;
  readonly standIn: StandIn;
  readonly programs: Programs;
  readonly #broker: Broker;
  #serial = 0;

  private constructor(
    directory: string,
    broker: Broker,
    nc: NatsConnection,
    results: StoredResults,
    more: OpenOptions,
  ) {
    this.directory = directory;
    this.#broker = broker;
    this.nc = nc;
    this.results = results;
    this.sizes = more.sizes;
    this.signal = more.signal;
    this.ends = new ScriptEnds(join(directory, 'script-ends'));
    this.standIn = makeStandIn(join(directory, 'bin'));
    const { node, original } = more.tools;
    this.programs = { node, original, standInDirectory: this.standIn.directory };
  }

  static async open(options: OpenOptions): Promise<Bench> {
    const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-bench-'));
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    const broker = new Broker({
      binary: options.tools.natsServer,
      directory: join(directory, 'broker'),
      ownGroup: true,
    });
    await broker.start();
    const nc = await connect({ servers: broker.url, name: 'bench', maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    await provision(nc);
    return new Bench(directory, broker, nc, await StoredResults.follow(nc), options);
  }

  async close(): Promise<void> {
    this.ends.close();
    await this.nc.close();
    await this.#broker.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  get natsUrl(): string {
    return this.#broker.url;
  }

  get serverVersion(): string {
    return this.nc.info?.version ?? 'unknown';
  }

  /** A number that no earlier call has returned. */
  serial(): number {
    this.#serial += 1;
    return this.#serial;
  }

  /** The contenders of one round: each begins as often as the others. */
  order(round: number, among: readonly Contender[] = CONTENDERS): Contender[] {
    const first = round % among.length;
    return [...among.slice(first), ...among.slice(0, first)];
  }

  /** Runs `measure` on a fresh agent, and ends it. */
  async withAgent<T>(contender: Contender, options: StartOptions, measure: (agent: Agent) => Promise<T>): Promise<T> {
    const { agent } = await this.start(contender, options);
    try {
      return await measure(agent);
    } finally {
      await agent.stop();
    }
  }

  /** Starts a fresh agent; `heartbeatMs` is how long its first heartbeat took. */
  async start(contender: Contender, options: StartOptions = {}): Promise<{ agent: Agent; heartbeatMs: number }> {
    const { prepare, ready = true, ...more } = options;
    const directory = join(this.directory, `${contender}-${this.serial()}`);
    await prepare?.(dataDirectory(directory));
    await this.clear();
    const pcId = `BENCH-${contender.toUpperCase()}`;
    const heard = this.#nextHeartbeat(pcId);
    await this.nc.flush();
    const launch = { ...more, contender, natsUrl: this.natsUrl, pcId, directory };
    const agent = Agent.start(launch, this.programs);
    try {
      const heardMs = await within(heard, `a heartbeat of ${contender}`, ON_AIR_MS, this.signal);
      if (ready) await this.#ready(agent);
      return { agent, heartbeatMs: heardMs - agent.spawnedMs };
    } catch (error) {
      await agent.stop();
      throw error;
    }
  }

  /** Ends the broker for as long as `meanwhile` takes; returns when it was back, ms since the epoch. */
  async withoutBroker(meanwhile: () => Promise<unknown>): Promise<number> {
    await this.#broker.stop();
    try {
      await meanwhile();
    } finally {
      await this.#broker.start();
    }
    const backAtMs = Date.now();
    await until('the broker is back', () => this.#followsAgain(), { timeoutMs: ON_AIR_MS, signal: this.signal });
    return backAtMs;
  }

  async #followsAgain(): Promise<boolean> {
    try {
      // One that was sent too early is never answered.
      await within(this.results.again(this.nc), 'the consumer', AGAIN_MS, this.signal);
      return true;
    } catch {
      return false;
    }
  }

  /** Publishes a command for one agent and returns when (`performance.now()`); `script` may hold its own mark. */
  publish(agent: Agent, requestId: string, script: string, more: Readonly<Record<string, unknown>> = {}): number {
    const fields = { id: 'bench', version: '1.0.0', request_id: requestId, shell: 'powershell', script, ...more };
    const body = JSON.stringify(command(fields));
    const atMs = performance.now();
    this.nc.publish(`commands.pc.${agent.pcId}`, body);
    return atMs;
  }

  /** It has subscribed to everything once a command came through; until then one is sent again and again. */
  async #ready(agent: Agent): Promise<void> {
    const requestId = `ready-${this.serial()}`;
    const deadlineMs = performance.now() + FIRST_RESULT_MS;
    for (;;) {
      this.publish(agent, requestId, 'echo ready');
      try {
        await this.results.stored(requestId, AGAIN_MS, this.signal);
        return;
      } catch (error) {
        if (performance.now() > deadlineMs || this.signal.aborted) throw error;
      }
    }
  }

  #nextHeartbeat(pcId: string): Promise<number> {
    return new Promise((resolve) => {
      this.nc.subscribe(`heartbeat.${pcId}`, { max: 1, callback: () => resolve(performance.now()) });
    });
  }

  /** Nobody starts with what another one has left on the streams. */
  async clear(): Promise<void> {
    for (const stream of ['EXEC', 'RESULTS', 'EVENTS', 'INVENTORY']) await api(this.nc, `STREAM.PURGE.${stream}`);
    this.results.reset();
  }
}

export interface OpenOptions {
  readonly tools: Tools;
  readonly sizes: Sizes;
  readonly signal: AbortSignal;
}
