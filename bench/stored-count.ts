/** Counts what a stream holds. */
import type { NatsConnection } from '@nats-io/transport-node';
import { api } from '../scripts/lib/fleet.ts';

/** How many messages a stream holds. */
export async function countStored(nc: NatsConnection, stream: string): Promise<number> {
  const answer: unknown = await api(nc, `STREAM.INFO.${stream}`);
  return (answer as { state: { messages: number } }).state.messages;
}
