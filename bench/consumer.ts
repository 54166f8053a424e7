/** The durable consumer of an agent on EXEC (protocol §5), by which live commands come a second time. */
import type { NatsConnection } from '@nats-io/transport-node';
import { api } from '../scripts/lib/fleet.ts';
import type { Agent } from './contenders.ts';

/** Messages it has delivered so far; the bare agent has none. */
export async function consumerDeliveries(nc: NatsConnection, agent: Agent): Promise<number> {
  if (agent.contender === 'bare') return 0;
  const { delivered } = await info(nc, agent);
  return delivered.consumer_seq;
}

/** Everything on it has been delivered and acknowledged. */
export async function consumerIdle(nc: NatsConnection, agent: Agent): Promise<boolean> {
  if (agent.contender === 'bare') return true;
  const { num_pending, num_ack_pending } = await info(nc, agent);
  return num_pending === 0 && num_ack_pending === 0;
}

interface ConsumerInfo {
  readonly delivered: { readonly consumer_seq: number };
  readonly num_pending: number;
  readonly num_ack_pending: number;
}

async function info(nc: NatsConnection, agent: Agent): Promise<ConsumerInfo> {
  const answer: unknown = await api(nc, `CONSUMER.INFO.EXEC.agent_replay_${agent.pcId.replaceAll('.', '_')}`);
  return answer as ConsumerInfo;
}
