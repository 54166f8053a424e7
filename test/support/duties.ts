/** What the tests of the agent's duties share: a connected bus of the agent, its configuration, an operator who asks. */
import type { NatsConnection } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import { NatsBus } from '../../src/agent/bus/nats-bus.ts';
import type { Credentials } from '../../src/agent/bus/sign-in.ts';
import { type EffectiveConfig, resolve } from '../../src/agent/wire/config-scope.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { until, WatchedCell } from '../../src/base/watched.ts';
import { eventually, PATIENCE_MS } from './eventually.ts';

/** A connection of the agent; not yet started with `start: false`. */
export async function agentBus(
  server: { readonly url: string },
  pcId: string,
  start = true,
  credentials: Credentials = { kind: 'none' },
): Promise<NatsBus> {
  const bus = new NatsBus({
    pcId,
    servers: [new URL(server.url)],
    credentials: () => [credentials],
    tls: () => ({ ca: null, cert: null, key: null, serverName: null }),
    clock: systemClock,
    log: silentLogger,
    connectBackoff: { minMs: 10, maxMs: 50, jitter: 0 },
  });
  onTestFinished(() => bus.close());
  if (start) {
    bus.start();
    await until(bus.link, ({ state }) => state === 'connected');
  }
  return bus;
}

/** Ends the duty with the test. */
export function during<T extends { close(): void | Promise<void> }>(duty: T): T {
  onTestFinished(() => duty.close());
  return duty;
}

/** The configuration of a fleet that says nothing but `changes`. */
export function configCell(changes: Partial<EffectiveConfig> = {}): WatchedCell<EffectiveConfig> {
  return new WatchedCell({ ...resolve([]).effective, ...changes });
}

/** One request, its answer as text. Asked again while nobody listens there yet. */
export async function ask(operator: NatsConnection, subject: string, body: string | Uint8Array = ''): Promise<string> {
  return (await eventually(() => operator.request(subject, body, { timeout: PATIENCE_MS }))).string();
}
