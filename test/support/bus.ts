/**
 * The agent's own connection in tests, with short pauses between its tries so that nothing waits for long, and recorders of
 * what its bindings brought.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import type { Bus, DurableBinding, DurableMessage, DurableSpec, LinkStatus } from '../../src/agent/bus/bus.ts';
import { NatsBus, type NatsBusOptions } from '../../src/agent/bus/nats-bus.ts';
import type { BootConfig } from '../../src/agent/config/boot-config.ts';
import { readTls } from '../../src/agent/config/tls-files.ts';
import { systemClock } from '../../src/base/clock.ts';
import { type Logger, lineLogger, silentLogger } from '../../src/base/logger.ts';
import { until } from '../../src/base/watched.ts';
import { eventually, PATIENCE_MS } from './eventually.ts';
import { api } from './fleet.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { tempDir } from './temp.ts';

export const NO_TLS: BootConfig['tls'] = { ca: null, cert: null, key: null, serverName: null };
const SOON = { minMs: 10, maxMs: 50, jitter: 0 };

/** As the agent has it: `tls` names the files, which are read with each try. */
export interface BusChanges extends Partial<Omit<NatsBusOptions, 'tls'>> {
  readonly tls?: BootConfig['tls'];
}

export function tlsOf(tls: BootConfig['tls']): NatsBusOptions['tls'] {
  return () => {
    const read = readTls({ tls, startedAs: 'headless' });
    return read.ok ? read.tls : read.error;
  };
}

/** A started bus on one or more servers; closed with the test. It need not be connected yet. */
export function startBus(servers: string | readonly string[], { tls = NO_TLS, ...changes }: BusChanges = {}): NatsBus {
  const bus = new NatsBus({
    pcId: 'PC-A',
    servers: [servers].flat().map((url) => new URL(url)),
    credentials: () => [{ kind: 'none' }],
    tls: tlsOf(tls),
    clock: systemClock,
    log: silentLogger,
    connectBackoff: SOON,
    bindBackoff: SOON,
    ...changes,
  });
  onTestFinished(() => bus.close());
  bus.start();
  return bus;
}

/** {@link startBus}, once it is connected. */
export async function connectedBus(servers: string | readonly string[], changes: BusChanges = {}): Promise<NatsBus> {
  const bus = startBus(servers, changes);
  await linkState(bus, 'connected');
  return bus;
}

/** Resolves when the link is in this state; rejects with the state it is in instead. */
export async function linkState(bus: Bus, state: LinkStatus['state']): Promise<LinkStatus> {
  try {
    return await until(bus.link, (link) => link.state === state, AbortSignal.timeout(PATIENCE_MS));
  } catch {
    throw new Error(`the link is not ${state} but ${JSON.stringify(bus.link.value)}`);
  }
}

/** What was logged, each line without its time: `LEVEL target: message key=value`. */
export function recordLog(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const logger = lineLogger(
    (line) => void lines.push(line.replace(/^\S+ +/, '')),
    () => 'debug',
  );
  return { logger, lines };
}

/** A broker whose configuration can be changed under live connections, as an operator does it. Not on Windows. */
export async function startReloadableServer(
  config: string,
): Promise<{ server: NatsServer; reload: (config: string) => void }> {
  const dir = tempDir();
  // A random port would be another one after the reload.
  const server = await startNatsServer({ dir, config, port: await freePort() });
  let now = config;
  return {
    server,
    reload(next) {
      const file = join(dir, 'nats-server.conf');
      writeFileSync(file, readFileSync(file, 'utf8').replace(now, next));
      now = next;
      process.kill(server.pid ?? 0, 'SIGHUP');
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Resolves when the broker answers this operator (again). */
export async function answering(nc: NatsConnection): Promise<void> {
  await eventually(() => nc.request('$JS.API.INFO', '', { timeout: 1_000 }));
}

export interface WatchRecord {
  /** `begin`, `current`, `missing`, `KEY=VALUE` or `KEY deleted`, in order. */
  readonly events: string[];
  close(): void;
}

/** Follows `keys` of a bucket until the test ends. */
export function recordWatch(bus: Bus, bucket: string, keys: readonly string[]): WatchRecord {
  const events: string[] = [];
  const binding = bus.kvWatch(bucket, keys, {
    begin: () => events.push('begin'),
    change: ({ key, value }) => {
      events.push(value === null ? `${key} deleted` : `${key}=${Buffer.from(value).toString()}`);
    },
    current: () => events.push('current'),
    missing: () => events.push('missing'),
  });
  onTestFinished(() => binding.close());
  return { events, close: () => binding.close() };
}

export interface ConsumerRecord {
  /** `SUBJECT BODY`, in order. */
  readonly messages: string[];
  readonly foreign: string[];
  /** `olderCopy` of each binding. */
  readonly bound: boolean[];
  readonly binding: DurableBinding;
}

/** Consumes the agent's durable until the test ends; acknowledges each message unless `receive` is given. */
export function recordConsumer(
  bus: Bus,
  spec: Partial<DurableSpec> = {},
  receive: (message: DurableMessage) => void = (message) => message.ack(),
): ConsumerRecord {
  const messages: string[] = [];
  const foreign: string[] = [];
  const bound: boolean[] = [];
  let older = false;
  const incarnations = new Set<string>();
  const binding = bus.consume(
    {
      stream: 'EXEC',
      durable: 'agent_replay_PC-A',
      pcId: 'PC-A',
      filterSubjects: () => ['commands.all', 'commands.pc.PC-A'],
      deliver: () => 'last_per_subject',
      nextIncarnation: async () => {
        const fresh = crypto.randomUUID();
        incarnations.add(fresh);
        return fresh;
      },
      knowsIncarnation: (incarnation) => incarnations.has(incarnation),
      keepsIncarnation: async (incarnation) => void (incarnation !== null && incarnations.add(incarnation)),
      ...spec,
    },
    {
      message: (message) => {
        messages.push(`${message.subject} ${Buffer.from(message.data).toString()}`);
        receive(message);
      },
      olderCopy: async () => {
        older = true;
      },
      bound: () => {
        bound.push(older);
        older = false;
      },
      foreign: (pcId) => foreign.push(pcId),
    },
  );
  onTestFinished(() => binding.close());
  return { messages, foreign, bound, binding };
}

/** What the broker answers about a stream or consumer, as far as tests look at it. */
export interface Info {
  readonly config: Record<string, unknown> & { readonly metadata?: Record<string, string> };
  readonly state: { readonly messages: number; readonly consumer_count: number };
  readonly consumers: readonly string[];
  readonly num_waiting: number;
  readonly num_ack_pending: number;
  readonly num_pending: number;
  readonly delivered: { readonly stream_seq: number };
  readonly ack_floor: { readonly stream_seq: number };
}

/** `$JS.API.<name>`, an INFO or NAMES request. */
export async function info(nc: NatsConnection, name: string): Promise<Info> {
  return (await api(nc, name)) as unknown as Info;
}
