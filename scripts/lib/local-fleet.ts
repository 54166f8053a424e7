/**
 * A whole fleet on this machine: a broker, the agent beside it, and an operator's connection. Invariant: everything lies in
 * one fresh directory and listens on the loopback only, and `stop` leaves nothing of it.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { CliError } from '../bootstrap/say.mjs';
import { AgentProcess, agentToml, withoutKanade } from './agent-process.ts';
import { AppShellProcess } from './app-shell-process.ts';
import { Broker } from './broker.ts';
import type { Electron } from './electron.ts';
import { provision, provisionLater } from './fleet.ts';
import { aborted } from './stopping.ts';

const ON_AIR_MS = 30_000;

export interface LocalFleet {
  readonly directory: string;
  readonly pcId: string;
  /** The agent's, read at its start */
  readonly settingsFile: string;
  /** Of the agent; a date goes in before its extension */
  readonly logFile: string;
  readonly broker: Broker;
  readonly agent: AgentProcess | AppShellProcess;
  /** The operator's */
  readonly nc: NatsConnection;
  /** Ends everything and removes the directory */
  readonly stop: () => Promise<void>;
}

/**
 * Starts broker and agent; resolves when the agent is on the air.
 * @param electron hosts the agent and shows the window; null: a bare agent
 */
export async function startLocalFleet(
  tools: { node: string; natsServer: string },
  pcId: string,
  signal: AbortSignal,
  electron: Electron | null = null,
): Promise<LocalFleet> {
  const directory = freshDirectory();
  const broker = new Broker({ binary: tools.natsServer, directory: join(directory, 'broker'), ownGroup: true });
  const undo: (() => Promise<void>)[] = [
    async () => rmSync(directory, { recursive: true, force: true }),
    () => broker.stop(),
  ];
  const stop = async () => {
    for (let work = undo.pop(); work; work = undo.pop()) await work();
  };
  try {
    await broker.start();
    const nc = await connect({
      servers: broker.url,
      name: 'operator',
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    undo.push(() => nc.close());
    await provision(nc);
    await provisionLater(nc);
    const logFile = join(directory, 'logs', 'agent.log');
    const config = join(directory, 'agent.toml');
    writeFileSync(config, agentToml({ id: pcId, natsUrl: broker.url, logFile, grace: '2s' }));
    const env = withoutKanade(process.env);
    const agent = agentOf({ node: tools.node, config, directory, env, electron });
    undo.push(() => agent.stop());
    await onAir(nc, pcId, () => agent.start(), agent, signal);
    return { directory, pcId, settingsFile: config, logFile, broker, agent, nc, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function agentOf({
  node,
  config,
  directory,
  env,
  electron,
}: {
  node: string;
  config: string;
  directory: string;
  env: NodeJS.ProcessEnv;
  electron: Electron | null;
}): AgentProcess | AppShellProcess {
  const options = { node, config, dataDir: join(directory, 'data'), env };
  if (electron === null) return new AgentProcess(options);
  return new AppShellProcess({ ...options, electron, userDir: join(directory, 'user') });
}

/** A private directory of this run; it goes with the process whatever happens to it. */
export function freshDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-'));
  for (const name of ['data', 'logs']) mkdirSync(join(directory, name));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Waits for the heartbeat that follows what `start` does: the agent sends one as soon as it is connected. */
export async function onAir(
  nc: NatsConnection,
  pcId: string,
  start: () => unknown,
  agent: AgentProcess | AppShellProcess,
  signal: AbortSignal,
) {
  const heartbeats = nc.subscribe(`heartbeat.${pcId}`, { max: 1 });
  const late = setTimeout(() => heartbeats.unsubscribe(), ON_AIR_MS);
  try {
    await nc.flush();
    await start();
    const died = agent.died.then(() => {
      throw new CliError(`The agent ended at its start. It said:\n${agent.log.trim()}`);
    });
    const heard = heartbeats[Symbol.asyncIterator]().next();
    const { done } = await Promise.race([heard, died, aborted(signal)]);
    if (done)
      throw new CliError(`The agent sent no heartbeat within ${ON_AIR_MS / 1000} s. It said:\n${agent.log.trim()}`);
  } finally {
    clearTimeout(late);
    heartbeats.unsubscribe();
  }
}
