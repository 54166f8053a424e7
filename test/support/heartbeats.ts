/** Waits for agents to be on the air, by what every agent of a fleet does first: it sends a heartbeat. */
import type { NatsConnection } from '@nats-io/transport-node';

const ON_AIR_MS = 20_000;

/** A process that becomes an agent of the fleet. */
export interface Starting {
  readonly log: string;
  /** Resolves when it ends unasked. */
  readonly died: Promise<void>;
  start(): void;
}

/** Starts it and resolves at its next heartbeat; rejects with what it said when it ends or stays silent for 20 s. */
export async function heartbeatAfter(nc: NatsConnection, pcId: string, agent: Starting): Promise<void> {
  const heartbeats = nc.subscribe(`heartbeat.${pcId}`, { max: 1 });
  const late = setTimeout(() => heartbeats.unsubscribe(), ON_AIR_MS);
  try {
    await nc.flush();
    agent.start();
    const heard = heartbeats[Symbol.asyncIterator]().next();
    const died = agent.died.then(() => 'died' as const);
    const first = await Promise.race([heard, died]);
    if (first === 'died' || first.done) throw new Error(`${pcId} sent no heartbeat. It said:\n${agent.log}`);
  } finally {
    clearTimeout(late);
    heartbeats.unsubscribe();
  }
}
